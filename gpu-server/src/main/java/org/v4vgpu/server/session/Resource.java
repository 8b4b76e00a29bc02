package org.v4vgpu.server.session;

import java.util.concurrent.ConcurrentHashMap;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DeviceStream;

/** What a handle stands for. Safe for any thread. Everything but a context lives and dies in one. */
sealed interface Resource {
    /** The context that it belongs to; a context belongs to itself. */
    Context context();

    /** Frees it on the device. */
    void close();

    final class Context implements Resource, Waitable {
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
        public boolean await(long timeoutNanos) throws DeviceException {
            return device.await(timeoutNanos);
        }

        @Override
        public void close() {
            device.close();
        }
    }

    record Module(Context context, DeviceModule device, ConcurrentHashMap<String, Long> functions) implements Resource {
        Module(Context context, DeviceModule device) {
            this(context, device, new ConcurrentHashMap<>());
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

    record Stream(Context context, DeviceStream device) implements Resource, Waitable {
        @Override
        public boolean await(long timeoutNanos) throws DeviceException {
            return device.await(timeoutNanos);
        }

        @Override
        public void close() {
            device.close();
        }
    }

    record Event(Context context, DeviceEvent device) implements Resource, Waitable {
        @Override
        public boolean await(long timeoutNanos) throws DeviceException {
            return device.await(timeoutNanos);
        }

        @Override
        public void close() {
            device.close();
        }
    }
}
