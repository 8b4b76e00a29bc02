package org.v4vgpu.device.software;

import java.util.LinkedHashMap;
import java.util.Map;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.ptx.CompiledModule;

/**
 * The modules that were compiled last, by their text: programs load the same PTX again and again. Compiled modules hold no state of
 * a context, so sessions may share them. Safe for any thread; compiling holds no lock.
 */
final class ModuleCache {
    private static final long CAPACITY_CHARACTERS = 4 << 20;

    // Guarded by this. Least recently used first.
    private final Map<String, CompiledModule> modules = new LinkedHashMap<>(16, 0.75f, true);
    private long heldCharacters;

    CompiledModule compile(String ptx) throws DeviceException {
        synchronized (this) {
            CompiledModule known = modules.get(ptx);
            if (known != null) {
                return known;
            }
        }
        CompiledModule compiled = CompiledModule.compile(ptx);
        if (ptx.length() <= CAPACITY_CHARACTERS / 4) {
            keep(ptx, compiled);
        }
        return compiled;
    }

    private synchronized void keep(String ptx, CompiledModule compiled) {
        if (modules.put(ptx, compiled) == null) {
            heldCharacters += ptx.length();
        }
        var oldest = modules.keySet().iterator();
        while (heldCharacters > CAPACITY_CHARACTERS) {
            heldCharacters -= oldest.next().length();
            oldest.remove();
        }
    }
}
