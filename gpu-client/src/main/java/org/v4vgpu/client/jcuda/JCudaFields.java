package org.v4vgpu.client.jcuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.Buffer;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The private fields of JCuda's pointers and handles, which its native code reads and writes. Safe for any thread.
 *
 * <p>Source: jcuda 12.6.0, NativePointerObject and Pointer.
 */
final class JCudaFields {
    private static volatile MethodHandles.@Nullable Lookup granted;

    private JCudaFields() {}

    /** Takes a lookup of one of JCuda's own classes: it has the rights that are needed, with no flag on any class path. */
    static void grant(MethodHandles.Lookup lookup) {
        granted = lookup;
    }

    static long nativePointer(NativePointerObject object) {
        return (long) Fields.NATIVE_POINTER.get(object);
    }

    /** A handle's value; 0 for null. */
    static long handle(@Nullable NativePointerObject object) {
        return object == null ? 0 : nativePointer(object);
    }

    static void setNativePointer(NativePointerObject object, long value) {
        Fields.NATIVE_POINTER.set(object, value);
    }

    static long byteOffset(Pointer pointer) {
        return (long) Fields.BYTE_OFFSET.get(pointer);
    }

    static @Nullable Buffer buffer(Pointer pointer) {
        return (Buffer) Fields.BUFFER.get(pointer);
    }

    static @Nullable NativePointerObject @Nullable [] pointers(Pointer pointer) {
        return (NativePointerObject[]) Fields.POINTERS.get(pointer);
    }

    /** Makes a pointer a device address, as cuMemAlloc does. */
    static void setAddress(Pointer pointer, long address) {
        set(pointer, address, null);
    }

    /** Makes a pointer host memory, as cuMemAllocHost does. */
    static void setHost(Pointer pointer, long address, Buffer buffer) {
        set(pointer, address, buffer);
    }

    private static void set(Pointer pointer, long address, @Nullable Buffer buffer) {
        setNativePointer(pointer, address);
        Fields.BYTE_OFFSET.set(pointer, 0L);
        Fields.BUFFER.set(pointer, buffer);
        Fields.POINTERS.set(pointer, (NativePointerObject[]) null);
    }

    /** In a class of its own, whose initialisation finds the lookup. */
    private static final class Fields {
        static final VarHandle NATIVE_POINTER;
        static final VarHandle BYTE_OFFSET;
        static final VarHandle BUFFER;
        static final VarHandle POINTERS;

        static {
            MethodHandles.Lookup lookup = granted;
            if (lookup == null) {
                throw new IllegalStateException("no native method of JCuda was linked yet");
            }
            try {
                MethodHandles.Lookup object = MethodHandles.privateLookupIn(NativePointerObject.class, lookup);
                MethodHandles.Lookup pointer = MethodHandles.privateLookupIn(Pointer.class, lookup);
                NATIVE_POINTER = object.findVarHandle(NativePointerObject.class, "nativePointer", long.class);
                BYTE_OFFSET = pointer.findVarHandle(Pointer.class, "byteOffset", long.class);
                BUFFER = pointer.findVarHandle(Pointer.class, "buffer", Buffer.class);
                POINTERS = pointer.findVarHandle(Pointer.class, "pointers", NativePointerObject[].class);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("this version of JCuda has other fields than 12.6.0: " + e, e);
            }
        }

        private Fields() {}
    }
}
