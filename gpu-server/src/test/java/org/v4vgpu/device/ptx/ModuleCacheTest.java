package org.v4vgpu.device.ptx;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;
import org.v4vgpu.device.DeviceException;

class ModuleCacheTest {
    private final CompiledModule module = CompiledModule.compile(KernelFiles.text("vecadd"));
    private final ModuleCache cache = new ModuleCache(1000);

    ModuleCacheTest() throws DeviceException {}

    @Test
    void forgetsTheLeastRecentlyUsedTexts() {
        cache.keep("a", module, 250);
        cache.keep("b", module, 250);
        cache.keep("b", module, 250);
        cache.keep("c", module, 250);
        cache.keep("d", module, 250);
        assertSame(module, cache.find("a"));
        cache.keep("e", module, 1);
        assertSame(module, cache.find("a"));
        assertNull(cache.find("b"));
        assertSame(module, cache.find("c"));
    }

    @Test
    void keepsNoTextThatIsTooLong() {
        cache.keep("a", module, 251);
        assertNull(cache.find("a"));
    }

    @Test
    void hasALimitOfModules() {
        for (int i = 0; i <= 64; i++) {
            cache.keep("m" + i, module, 1);
        }
        assertNull(cache.find("m0"));
        assertSame(module, cache.find("m1"));
    }
}
