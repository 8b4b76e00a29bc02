package org.v4vgpu.device.ptx.runtime;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.FaultContext.MemoryAccess;

/**
 * An access beyond the words of shared, local or parameter memory, found out from the index that the array refused. Misaligned word
 * addresses become indexes that no other address has: the compiler's Place shifts their low bits to the top.
 *
 * @param access null where the index came from somewhere else than an instruction that names its space
 * @param index as the array saw it, less where the thread's local memory begins
 */
record WordFault(@Nullable MemoryAccess access, long index) {
    private static final Pattern INDEX = Pattern.compile("Index (-?\\d+) out of bounds.*");

    static WordFault of(
            ArrayIndexOutOfBoundsException thrown, @Nullable MemoryAccess access, KernelPlan plan, int thread) {
        Matcher matcher = INDEX.matcher(String.valueOf(thrown.getMessage()));
        if (!matcher.matches()) {
            return new WordFault(null, 0);
        }
        int index = Integer.parseInt(matcher.group(1));
        boolean local = access != null && access.space().equals("local");
        return new WordFault(access, local ? index - thread * ((plan.localBytes() + 3) / 4) : index);
    }

    boolean isMisaligned() {
        return isWord() ? low() != 0 : index >= 0x0800_0000L || index < -0x2000_0000L;
    }

    String words() {
        if (access == null || access.space().equals("generic")) {
            return (isMisaligned() ? "misaligned" : "illegal") + " address in shared, local or parameter memory"
                    + (access == null ? "" : " (" + access + ")");
        }
        if (isMisaligned()) {
            return "address 0x" + Long.toHexString(address()) + " in " + access.space() + " memory is not aligned to "
                    + access.bytes() + " bytes (" + access + ")";
        }
        return "illegal address 0x" + Long.toHexString(address()) + " in " + access.space() + " memory (" + access
                + ")";
    }

    /** How much there is of the memory that was left. */
    String near(Launch launch) {
        String space = access == null || isMisaligned() ? "" : access.space();
        return switch (space) {
            case "shared" ->
                size(
                        "the block has",
                        launch.plan().sharedBytes() + launch.shape().sharedBytes(),
                        launch.shape().sharedBytes() > 0 ? ", dynamic included" : "");
            case "local" -> size("the thread has", launch.plan().localBytes(), "");
            case "param" -> size("the kernel has", launch.plan().parameterBytes(), "");
            default -> "";
        };
    }

    private static String size(String who, int bytes, String what) {
        return who + " " + bytes + " bytes of it" + what;
    }

    /** Whether the index holds the low bits of the address: single bytes and halves are found by their word. */
    private boolean isWord() {
        return access != null && access.bytes() >= 4 && !access.space().equals("generic");
    }

    private int shift() {
        return 32 - Integer.numberOfTrailingZeros(access == null ? 4 : Math.max(4, access.bytes()));
    }

    /** The index without the shifted bits. */
    private int word() {
        int shift = shift();
        return ((int) index << (32 - shift)) >> (32 - shift);
    }

    /** The bits of the address that an aligned one has not. */
    private int low() {
        return ((int) index - word()) >>> shift();
    }

    private long address() {
        if (!isWord()) {
            return Integer.toUnsignedLong((int) index << 2);
        }
        // Of an access of several words the array may have refused any.
        int bytes = access == null ? 4 : access.bytes();
        int low = low();
        return Integer.toUnsignedLong((((word() << 2) - (low & ~3)) & -bytes) + low);
    }
}
