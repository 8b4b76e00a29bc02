package org.v4vgpu.device.ptx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceGlobal;
import org.v4vgpu.device.ptx.syntax.Variable;
import org.v4vgpu.proto.CudaStatus;

/** A module in a context: its global and constant variables have addresses there. Safe for any thread. */
public final class LoadedModule implements AutoCloseable {
    private final CompiledModule compiled;
    private final GlobalMemory memory;
    private final long[] addresses;
    private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();
    private boolean closed; // Guarded by this.

    private LoadedModule(CompiledModule compiled, GlobalMemory memory, long[] addresses) {
        this.compiled = compiled;
        this.memory = memory;
        this.addresses = addresses;
    }

    static LoadedModule of(CompiledModule compiled, GlobalMemory memory) throws DeviceException {
        List<Variable> variables = compiled.layout().addressed();
        LoadedModule module = new LoadedModule(compiled, memory, new long[variables.size()]);
        try {
            for (int i = 0; i < variables.size(); i++) {
                module.addresses[i] = memory.allocate(variables.get(i).bytes());
            }
            for (int i = 0; i < variables.size(); i++) {
                module.initialize(variables.get(i), module.addresses[i]);
            }
            return module;
        } catch (DeviceException failure) {
            module.close();
            throw failure;
        }
    }

    private void initialize(Variable variable, long address) throws DeviceException {
        MemorySegment bytes = memory.segment(address, variable.bytes());
        MemorySegment.copy(variable.image(), 0, bytes, ValueLayout.JAVA_BYTE, 0, variable.image().length);
        for (Variable.Reference reference : variable.references()) {
            int index = compiled.layout().index(reference.symbol());
            long target = reference.addend()
                    + (index >= 0 ? addresses[index] : compiled.layout().functionAddress(reference.symbol()));
            bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, reference.offset(), target);
        }
    }

    /**
     * Finds by the name in the PTX text; always the same object.
     *
     * @throws DeviceException NOT_FOUND
     */
    public Kernel kernel(String name) throws DeviceException {
        CompiledModule.Entry entry = compiled.entries().get(name);
        if (entry == null) {
            throw new DeviceException(
                    CudaStatus.NOT_FOUND,
                    "no kernel " + name + "; the module has "
                            + compiled.entries().keySet());
        }
        return kernels.computeIfAbsent(name, _ -> new Kernel(entry, compiled, memory, addresses));
    }

    /**
     * Finds by the name in the PTX text.
     *
     * @throws DeviceException NOT_FOUND
     */
    public DeviceGlobal global(String name) throws DeviceException {
        int index = compiled.layout().index(name);
        if (index < 0) {
            throw new DeviceException(CudaStatus.NOT_FOUND, "no variable " + name);
        }
        return new DeviceGlobal(
                addresses[index], compiled.layout().addressed().get(index).bytes());
    }

    /** Frees the module's variables. No kernel of it may run any more. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (long address : addresses) {
            if (address != 0) {
                try {
                    memory.free(address);
                } catch (DeviceException _) {
                    return; // The memory was closed before the module: nothing is left to free.
                }
            }
        }
    }
}
