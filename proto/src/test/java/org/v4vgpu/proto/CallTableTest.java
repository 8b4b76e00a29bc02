package org.v4vgpu.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Message;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@link Call}'s rows and {@code calls.proto} are one table. */
final class CallTableTest {
    /** One-way calls, by the words of decision D6: launches, pageable host-to-device copies, memsets, event records and their kind. */
    private static final Set<String> ONE_WAY = Set.of(
            "MemFreeAsync",
            "MemcpyHtoD",
            "MemcpyDtoD",
            "MemcpyWindow",
            "MemcpyPeer",
            "Memset",
            "LaunchKernel",
            "StreamWaitEvent",
            "EventRecord",
            "BlasCompute");

    private static final Set<String> RELEASES =
            Set.of("Goodbye", "CtxDestroy", "MemFree", "WindowClose", "ModuleUnload", "StreamDestroy", "EventDestroy");

    private static final List<MethodDescriptor> RPCS =
            Calls.getDescriptor().findServiceByName("Gpu").getMethods();

    @Test
    void everyRpcHasExactlyOneRow() throws IllegalAccessException {
        Map<String, Call<?, ?>> constants = new HashMap<>();
        for (Field field : Call.class.getDeclaredFields()) {
            if (field.getType() == Call.class) {
                Call<?, ?> call = (Call<?, ?>) field.get(null);
                assertEquals(null, constants.put(call.name(), call), "two constants for " + call);
            }
        }
        Set<String> names = new HashSet<>();
        for (MethodDescriptor rpc : RPCS) {
            names.add(rpc.getName());
        }
        assertEquals(names, constants.keySet());
        assertEquals(new HashSet<>(Call.table()), new HashSet<>(constants.values()));
        assertEquals(Call.table().size(), constants.size());
    }

    @Test
    void copiesAreTheCallsThatAreThereForTheirBytes() {
        assertEquals(
                List.of("MemcpyHtoD", "MemcpyDtoH", "MemcpyWindow", "ModuleLoadData"),
                Call.table().stream()
                        .filter(call -> Call.isCopy(call.number()))
                        .map(Call::name)
                        .toList());
    }

    @Test
    void rowsSayWhatTheTableSays() throws Exception {
        for (Call<?, ?> call : Call.table()) {
            MethodDescriptor rpc = RPCS.stream()
                    .filter(r -> r.getName().equals(call.name()))
                    .findFirst()
                    .orElseThrow();
            CallOptions options = rpc.getOptions().getExtension(Calls.call);
            assertEquals(options.getNumber(), call.number());
            assertEquals(options.getOneWay(), call.oneWay());
            assertEquals(options.getReleases(), call.releases());
            assertSame(
                    rpc.getInputType(),
                    ((Message) call.requests().parseFrom(new byte[0])).getDescriptorForType(),
                    call + " has another request");
            assertSame(
                    rpc.getOutputType(),
                    ((Message) call.replies().parseFrom(new byte[0])).getDescriptorForType(),
                    call + " has another reply");
            assertEquals(call.name() + "Request", rpc.getInputType().getName());
            assertEquals(call.name() + "Reply", rpc.getOutputType().getName());
        }
    }

    @Test
    void numbersAreUniqueAndFitTheDescriptor() {
        Set<Integer> numbers = new HashSet<>();
        for (Call<?, ?> call : Call.table()) {
            assertTrue(numbers.add(call.number()), "two calls with the number of " + call);
            assertTrue(call.number() > CallDescriptor.CONTINUATION && call.number() <= 0xFFFF, call.name());
        }
    }

    @Test
    void oneWayAndReleasingCallsAreThose() {
        List<String> oneWay = new ArrayList<>();
        List<String> releases = new ArrayList<>();
        for (Call<?, ?> call : Call.table()) {
            if (call.oneWay()) {
                oneWay.add(call.name());
            }
            if (call.releases()) {
                releases.add(call.name());
            }
            assertFalse(call.oneWay() && call.releases(), call.name());
        }
        assertEquals(ONE_WAY, new HashSet<>(oneWay));
        assertEquals(RELEASES, new HashSet<>(releases));
    }
}
