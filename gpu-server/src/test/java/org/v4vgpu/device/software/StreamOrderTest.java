package org.v4vgpu.device.software;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.device.software.Operation.Kind;
import org.v4vgpu.device.software.StreamQueue.Order;

/** Random work in random streams: nothing may run before what CUDA's rules put before it, said here a second time and plainly. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // waits here ignore interrupts
final class StreamOrderTest {
    private static final int OPERATIONS = 20_000;

    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final AtomicInteger executed = new AtomicInteger();
    private final List<List<Checked>> streams = new ArrayList<>();
    private final Map<Order, List<Integer>> streamsByOrder = new EnumMap<>(Order.class);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void nothingOvertakes(long seed) throws DeviceException {
        SplittableRandom random = new SplittableRandom(seed);
        Scheduler scheduler = new Scheduler("order " + seed, () -> {}, TimeUnit.SECONDS.toNanos(10));
        List<StreamQueue> queues = new ArrayList<>();
        Order[] orders = {
            Order.DEFAULT, Order.BLOCKING, Order.BLOCKING, Order.BLOCKING, Order.NON_BLOCKING, Order.NON_BLOCKING
        };
        for (Order order : orders) {
            streamsByOrder.computeIfAbsent(order, any -> new ArrayList<>()).add(queues.size());
            queues.add(scheduler.open(order));
            streams.add(new ArrayList<>());
        }
        Kind[] kinds = {Kind.MARK, Kind.SHORT, Kind.LONG, Kind.LONG};
        for (int i = 0; i < OPERATIONS; i++) {
            int stream = random.nextInt(orders.length);
            List<Checked> before = before(stream, orders[stream]);
            Checked operation = new Checked(kinds[random.nextInt(kinds.length)], "operation " + i, before);
            Checked other = random.nextInt(8) == 0 ? last(random.nextInt(orders.length)) : null;
            if (other != null) {
                before.add(other);
            }
            scheduler.enqueue(queues.get(stream), operation, other);
            streams.get(stream).add(operation);
            if (random.nextInt(500) == 0) {
                Checked barrier = new Checked(Kind.SHORT, "barrier " + i, everything());
                scheduler.enqueueAfterAll(barrier);
            }
        }
        assertTrue(scheduler.waits().enqueued().await(TimeUnit.SECONDS.toNanos(50)));
        scheduler.close();
        assertEquals(List.of(), List.copyOf(violations));
        assertTrue(executed.get() >= OPERATIONS);
    }

    private List<Checked> before(int stream, Order order) {
        List<Checked> before = new ArrayList<>();
        addLast(before, stream);
        List<Integer> others = switch (order) {
            case DEFAULT -> streamsByOrder.getOrDefault(Order.BLOCKING, List.of());
            case BLOCKING -> streamsByOrder.getOrDefault(Order.DEFAULT, List.of());
            case NON_BLOCKING, HOUSEKEEPING -> List.of();
        };
        others.forEach(other -> addLast(before, other));
        return before;
    }

    private List<Checked> everything() {
        List<Checked> before = new ArrayList<>();
        for (int stream = 0; stream < streams.size(); stream++) {
            addLast(before, stream);
        }
        return before;
    }

    private void addLast(List<Checked> list, int stream) {
        Checked last = last(stream);
        if (last != null) {
            list.add(last);
        }
    }

    private @Nullable Checked last(int stream) {
        List<Checked> operations = streams.get(stream);
        return operations.isEmpty() ? null : operations.getLast();
    }

    /** Looks when it runs whether all is done that must be, and whether it runs once. */
    private final class Checked extends Operation {
        private final String name;
        private final List<Checked> before;
        private final AtomicInteger runs = new AtomicInteger();

        Checked(Kind kind, String name, List<Checked> before) {
            super(kind);
            this.name = name;
            this.before = before;
        }

        @Override
        void run() {
            for (Checked other : before) {
                if (!other.isOver()) {
                    violations.add(name + " overtook " + other.name);
                }
            }
            if (runs.incrementAndGet() != 1) {
                violations.add(name + " ran twice");
            }
            before.clear();
            executed.incrementAndGet();
        }
    }
}
