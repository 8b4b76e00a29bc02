package org.v4vgpu.device.ptx.syntax;

/** A state space, or none: generic. Source: PTX ISA 5.1. */
public enum Space {
    GENERIC,
    CONST,
    GLOBAL,
    LOCAL,
    PARAM,
    SHARED;

    /** The space that a modifier names, GENERIC for any other word. */
    static Space named(String modifier) {
        return switch (modifier) {
            case "const" -> CONST;
            case "global" -> GLOBAL;
            case "local" -> LOCAL;
            case "param", "param::entry", "param::func" -> PARAM;
            case "shared", "shared::cta" -> SHARED;
            default -> GENERIC;
        };
    }
}
