package org.v4vgpu.server.session;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceContext;
import org.v4vgpu.device.DeviceEvent;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.DeviceFunction;
import org.v4vgpu.device.DeviceModule;
import org.v4vgpu.device.DeviceStream;
import org.v4vgpu.device.DeviceWork;
import org.v4vgpu.proto.CudaStatus;

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

    final class Event implements Resource {
        private final Context context;
        private final DeviceEvent device;

        /** All work of the context at some moment, if that is what was recorded last; then the device's event is not asked. */
        private volatile @Nullable DeviceWork whole;

        Event(Context context, DeviceEvent device) {
            this.context = context;
            this.device = device;
        }

        DeviceEvent device() {
            return device;
        }

        void record(DeviceStream stream) throws DeviceException {
            stream.record(device);
            whole = null;
        }

        /** Records all that is enqueued in the context, which stands in no stream's order. */
        void recordWhole() throws DeviceException {
            whole = context.device().enqueued();
        }

        boolean isDone() throws DeviceException {
            DeviceWork work = whole;
            return work != null ? work.await(0) : device.isDone();
        }

        DeviceWork recorded() throws DeviceException {
            DeviceWork work = whole;
            return work != null ? work : device.recorded();
        }

        /** @throws DeviceException INVALID_HANDLE if what was recorded last stands in no stream's order */
        void requireOrder() throws DeviceException {
            if (whole != null) {
                throw new DeviceException(CudaStatus.INVALID_HANDLE, "the event was recorded for a whole context");
            }
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
}
