package org.v4vgpu.device.nvrtc;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The program that compiles in the sandbox with libnvrtc: reads a program from a directory, writes what has become of it to standard
 * output. Arguments: the library, and the directory; without the latter it says the library's version.
 */
final class NvrtcWorker {
    private NvrtcWorker() {}

    static void main(String[] arguments) throws IOException {
        NvrtcLibrary library = NvrtcLibrary.open(Path.of(arguments[0]));
        try (DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)))) {
            if (arguments.length == 1) {
                write(library.version(), out);
            } else {
                write(library.compile(NvrtcFiles.read(Path.of(arguments[1]))), out);
            }
        }
    }

    private static void write(CompilerVersion version, DataOutputStream out) throws IOException {
        out.writeInt(version.major());
        out.writeInt(version.minor());
        out.writeInt(version.architectures().size());
        for (int architecture : version.architectures()) {
            out.writeInt(architecture);
        }
    }

    static CompilerVersion readVersion(DataInputStream in) throws IOException {
        int major = in.readInt();
        int minor = in.readInt();
        List<Integer> architectures = new ArrayList<>();
        for (int count = in.readInt(); count > 0; count--) {
            architectures.add(in.readInt());
        }
        return new CompilerVersion(major, minor, architectures);
    }

    private static void write(Compilation compilation, DataOutputStream out) throws IOException {
        out.writeInt(compilation.result().code());
        write(compilation.ptx(), out);
        write(compilation.log(), out);
        out.writeInt(compilation.loweredNames().size());
        for (String name : compilation.loweredNames()) {
            write(name, out);
        }
    }

    /** What the library makes is as little to be trusted as what it is given. @throws IOException if it is no compilation */
    static Compilation readCompilation(DataInputStream in, int logBytes) throws IOException {
        Compilation.Result result = Compilation.Result.of(in.readInt());
        String ptx = readText(in);
        String log = readText(in);
        List<String> names = new ArrayList<>();
        for (int count = in.readInt(); count > 0; count--) {
            names.add(readText(in));
        }
        return new Compilation(result, ptx, log.length() > logBytes ? log.substring(0, logBytes) : log, names);
    }

    private static void write(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String readText(DataInputStream in) throws IOException {
        int length = in.readInt();
        byte[] bytes = length < 0 ? new byte[0] : in.readNBytes(length);
        if (bytes.length != length) {
            throw new IOException("a text of " + length + " bytes that is none");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
