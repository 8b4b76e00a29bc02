package org.v4vgpu.client.programs;

import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.runtime.cudaEvent_t;
import org.jspecify.annotations.Nullable;

/** What can be wrong with one argument, by a word for each. */
final class WrongValues {
    private static final long NOWHERE = 0xDEADBEEF0L;

    private WrongValues() {}

    /** Beside right arguments of {@code good}; {@code other} is another context's, and of {@code gone} all is destroyed. */
    static Map<String, @Nullable Object> of(
            ApiCall call, int parameter, OneOfEach good, OneOfEach other, OneOfEach gone) {
        Map<String, @Nullable Object> wrong = new LinkedHashMap<>();
        Class<?> type = call.type(parameter);
        String name = call.names().get(parameter);
        if (!type.isPrimitive()) {
            wrong.put("null", null);
        }
        if (type.isArray()) {
            wrong.put("empty", Array.newInstance(type.componentType(), 0));
        } else if (type == int.class) {
            addNumbers(wrong, name);
        } else if (type == long.class) {
            wrong.put("-1", -1L);
            wrong.put("least", Long.MIN_VALUE);
            wrong.put("2^40", 1L << 40);
            wrong.put("most", Long.MAX_VALUE);
        } else if (type == String.class) {
            wrong.put("no text", "");
            wrong.put("a NUL inside", "a\0b");
        } else if (!OneOfEach.isResult(call.name(), name)) {
            if (type == CUdeviceptr.class) {
                addDevicePointers(wrong, good);
            } else if (type == Pointer.class) {
                addDevicePointers(wrong, good);
                addHostPointers(wrong, good);
            } else if (NativePointerObject.class.isAssignableFrom(type)) {
                addHandles(wrong, call, parameter, good, other, gone);
            }
        }
        return wrong;
    }

    private static void addNumbers(Map<String, @Nullable Object> wrong, String name) {
        wrong.put("-1", -1);
        wrong.put("least", Integer.MIN_VALUE);
        wrong.put("77", 77);
        if (!name.equals("gridDimX") && !name.equals("grid_width")) { // a right number, of very many blocks
            wrong.put("most", Integer.MAX_VALUE);
        }
    }

    private static void addDevicePointers(Map<String, @Nullable Object> wrong, OneOfEach good) {
        wrong.put("never allocated", new CUdeviceptr());
        wrong.put("freed", good.freed);
        wrong.put("nowhere", OneOfEach.handle(new CUdeviceptr(), NOWHERE));
        wrong.put("address -1", OneOfEach.handle(new CUdeviceptr(), -1));
        wrong.put("before", good.memory.withByteOffset(-OneOfEach.BYTES * 16L));
        wrong.put("behind", good.memory.withByteOffset(OneOfEach.BYTES - 2));
        wrong.put("far", good.memory.withByteOffset(Long.MAX_VALUE));
        wrong.put("odd", good.memory.withByteOffset(1));
    }

    private static void addHostPointers(Map<String, @Nullable Object> wrong, OneOfEach good) {
        byte[] array = new byte[OneOfEach.BYTES];
        wrong.put("device memory", good.memory);
        wrong.put("one byte", Pointer.to(new byte[1]));
        wrong.put("no byte", Pointer.to(new byte[0]));
        wrong.put("before an array", Pointer.to(array).withByteOffset(-4));
        wrong.put("far before an array", Pointer.to(array).withByteOffset(Long.MIN_VALUE));
        wrong.put("pointers to nothing", Pointer.to(new NativePointerObject[2]));
        wrong.put("no pointers", Pointer.to(new NativePointerObject[0]));
        wrong.put("freed host memory", good.freedHost);
        wrong.put(
                "read-only",
                Pointer.to(ByteBuffer.allocateDirect(OneOfEach.BYTES).asReadOnlyBuffer()));
    }

    private static void addHandles(
            Map<String, @Nullable Object> wrong,
            ApiCall call,
            int parameter,
            OneOfEach good,
            OneOfEach other,
            OneOfEach gone) {
        Class<?> type = call.type(parameter);
        boolean isEvent = type == CUevent.class || type == cudaEvent_t.class;
        wrong.put("never made", OneOfEach.handle(type, 0));
        wrong.put("nothing's", OneOfEach.handle(type, NOWHERE));
        wrong.put("number -1", OneOfEach.handle(type, -1));
        wrong.put("another kind's", OneOfEach.handle(type, OneOfEach.number(isEvent ? good.stream : good.event)));
        if (gone.argument(call, parameter) instanceof NativePointerObject destroyed) {
            wrong.put("destroyed", OneOfEach.handle(type, OneOfEach.number(destroyed)));
        }
        if (!call.ends() && other.argument(call, parameter) instanceof NativePointerObject others) {
            wrong.put("another context's", OneOfEach.handle(type, OneOfEach.number(others)));
        }
    }
}
