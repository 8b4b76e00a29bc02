package org.v4vgpu.client.jcuda;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Which calls of JCuda the classes of a folder make, by their bytecode. */
final class CallSites {
    private CallSites() {}

    /** The calls, as {@code JCudaDriver.cuInit}, that are made at least once by who goes on with their result, if they have one. */
    static Set<String> lookedAt(Path classes) throws IOException {
        Set<String> calls = new TreeSet<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".class")).toList()) {
                for (MethodModel method : ClassFile.of().parse(file).methods()) {
                    method.code().ifPresent(code -> add(calls, code));
                }
            }
        }
        return calls;
    }

    private static void add(Set<String> calls, CodeModel code) {
        List<Instruction> instructions = code.elementStream()
                .filter(Instruction.class::isInstance)
                .map(Instruction.class::cast)
                .toList();
        for (int i = 0; i + 1 < instructions.size(); i++) {
            boolean isDropped = instructions.get(i + 1).opcode() == Opcode.POP;
            if (!isDropped && instructions.get(i) instanceof InvokeInstruction invoke) {
                String owner = invoke.owner().asInternalName();
                calls.add(owner.substring(owner.lastIndexOf('/') + 1) + "."
                        + invoke.name().stringValue());
            }
        }
    }
}
