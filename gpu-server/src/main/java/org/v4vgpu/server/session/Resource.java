package org.v4vgpu.server.session;

import java.util.HashMap;
import java.util.Map;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DeviceStream;

/** What a handle stands for. Safe for any thread. Everything but a context lives and dies in one. */
sealed interface Resource {
    /** The context that it belongs to; a context belongs to itself. */
    Context context();

    /** Frees it on the device. */
    void close();

    final class Context implements Resource {
        private final DeviceContext device;

        Context(DeviceContext device) {
            this.device = device;
        }

        DeviceContext device() {
            return device;
        }

        @Override
        public Context context() {
            return this;
        }

        @Override
        public void close() {
            device.close();
        }
    }

    final class Module implements Resource {
        private final Context context;
        private final DeviceModule device;

        /** The handles of its functions, by name. Guarded by the map. */
        private final Map<String, Long> functions = new HashMap<>();

        Module(Context context, DeviceModule device) {
            this.context = context;
            this.device = device;
        }

        DeviceModule device() {
            return device;
        }

        Map<String, Long> functions() {
            return functions;
        }

        @Override
        public Context context() {
            return context;
        }

        @Override
        public void close() {
            device.close();
        }
    }

    /** Dies with its module. */
    record Function(Module module, DeviceFunction device) implements Resource {
        @Override
        public Context context() {
            return module.context();
        }

        @Override
        public void close() {}
    }

    record Stream(Context context, DeviceStream device) implements Resource {
        @Override
        public void close() {
            device.close();
        }
    }

    record Event(Context context, DeviceEvent device) implements Resource {
        @Override
        public void close() {
            device.close();
        }
    }
}
