package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.v4vgpu.device.ptx.syntax.Function;

/** What the methods of one kernel have in common. Confined to the compiling thread. */
final class KernelContext {
    final ClassDesc owner;
    final ModuleLayout module;
    final SharedLayout shared;

    /** Whether memory accesses are told to the checks. */
    final boolean checked;

    final LineNumbers lines;

    private final Map<String, Integer> methods = new HashMap<>();
    private final Map<MethodTypeDesc, Integer> dispatchers = new HashMap<>();
    private final IdentityHashMap<Function, Frame> frames = new IdentityHashMap<>();
    private final IdentityHashMap<Function, TypeKind[]> kinds = new IdentityHashMap<>();

    private final IdentityHashMap<Function, BitSet> late = new IdentityHashMap<>();

    KernelContext(ClassDesc owner, ModuleLayout module, SharedLayout shared, boolean checked) {
        this(owner, module, shared, checked, new LineNumbers());
    }

    private KernelContext(
            ClassDesc owner, ModuleLayout module, SharedLayout shared, boolean checked, LineNumbers lines) {
        this.lines = lines;
        this.owner = owner;
        this.module = module;
        this.shared = shared;
        this.checked = checked;
    }

    /** The same for code that is made while this one's runs, by another thread; its methods have other names. */
    KernelContext later() {
        KernelContext later = new KernelContext(owner, module, shared, checked, lines);
        later.methods.putAll(methods);
        later.dispatchers.putAll(dispatchers);
        later.frames.putAll(frames);
        later.kinds.putAll(kinds);
        later.late.putAll(late);
        return later;
    }

    /** The JVM name of a function's method. */
    String method(Function function) {
        return "function" + methods.computeIfAbsent(function.name(), _ -> methods.size());
    }

    /** The JVM name of the method that calls pointers to functions of a type. */
    String dispatcher(MethodTypeDesc type) {
        return "pointer" + dispatchers.computeIfAbsent(type, _ -> dispatchers.size());
    }

    Frame frame(Function function) {
        return frames.computeIfAbsent(function, Frame::new);
    }

    TypeKind[] kinds(Function function) {
        return kinds.computeIfAbsent(function, RegisterKinds::infer);
    }

    /** The registers whose NaNs get their pattern only where it is seen. */
    BitSet late(Function function) {
        return late.computeIfAbsent(function, each -> NanBits.late(each, kinds(each)));
    }
}
