package org.v4vgpu.proto;

/** What both sides hold each other to. A change here is a change of {@link #PROTOCOL_VERSION}. */
public final class Limits {
    /** Checked in {@code Hello} before anything else; equal versions only. */
    public static final int PROTOCOL_VERSION = 4;

    /** Descriptor and protobuf message together. */
    public static final int MAXIMUM_HEADER_BYTES = 64 * 1024;

    /** A module image: PTX text, cubin or fatbin. */
    public static final long MAXIMUM_MODULE_BYTES = 64L << 20;

    /** A kernel's parameters, as CUDA allows them from sm_70 on. */
    public static final int MAXIMUM_PARAMETER_BYTES = 32_764;

    /** Each log of a module load; longer ones are cut. */
    public static final int MAXIMUM_LOG_BYTES = 16 * 1024;

    /** A program and its headers together. */
    public static final int MAXIMUM_PROGRAM_BYTES = 16 << 20;

    /** What a compiled program is: PTX, log and lowered names together; what is longer is no result but an error. */
    public static final int MAXIMUM_COMPILED_BYTES = 64 << 20;

    /** A compiler's log; longer ones are cut. */
    public static final int MAXIMUM_COMPILER_LOG_BYTES = 256 * 1024;

    /** The text of a failed call, in characters; longer ones are cut. */
    public static final int MAXIMUM_ERROR_CHARACTERS = 1024;

    /** What kernels have printed, to be taken at one time: the largest CU_LIMIT_PRINTF_FIFO_SIZE. */
    public static final int MAXIMUM_PRINTF_BYTES = 64 << 20;

    /** Names of functions and globals. */
    public static final int MAXIMUM_NAME_BYTES = 8 * 1024;

    private Limits() {}
}
