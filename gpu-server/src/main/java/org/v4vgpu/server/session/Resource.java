package org.v4vgpu.server.session;

import java.util.HashMap;
import java.util.Map;
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

    final class Context implements Resource {
        private final DeviceContext device;

        /** The streams CU_STREAM_PER_THREAD of the threads behind the lanes. */
        private final Map<Lane, DeviceStream> perThreadStreams = new ConcurrentHashMap<>();

        /** Guarded by the session's lock on memory. */
        private int allocations;

        Context(DeviceContext device) {
            this.device = device;
        }

        DeviceContext device() {
            return device;
        }

        /** The stream CU_STREAM_PER_THREAD of a lane's thread, made when it is first asked for. By that lane's thread. */
        DeviceStream perThreadStream(Lane lane) throws DeviceException {
            DeviceStream stream = perThreadStreams.get(lane);
            if (stream == null) {
                stream = device.createStream(0, 0);
                perThreadStreams.put(lane, stream);
            }
            return stream;
        }

        /** The lane's thread has ended: its stream goes once its work is done. */
        void closeStreamOf(Lane lane) {
            DeviceStream stream = perThreadStreams.remove(lane);
            if (stream != null) {
                stream.close();
            }
        }

        /** Changes the number of its allocations and returns the new one. */
        int countAllocations(int change) {
            allocations += change;
            return allocations;
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
