package org.v4vgpu.device.ptx.compiler;

/**
 * How a register's values in the threads of a strip relate: all the same; or each greater by a stride than that of the thread before,
 * modulo the register's width; or anything. The first two are held as the value of the first thread.
 */
record Shape(Kind kind, long stride) {
    static final Shape NONE = new Shape(Kind.NONE, 0);
    static final Shape UNIFORM = new Shape(Kind.UNIFORM, 0);
    static final Shape VARYING = new Shape(Kind.VARYING, 0);

    /** Beyond, sixteen times the stride might not be told from less. */
    private static final long MOST = 1L << 40;

    enum Kind {
        /** Not known yet. */
        NONE,
        UNIFORM,
        AFFINE,
        VARYING
    }

    /** @param bits the width of the register */
    static Shape affine(long stride, int bits) {
        long own = bits == 32 ? (int) stride : stride;
        if (own == 0) {
            return UNIFORM;
        }
        return own > MOST || own < -MOST ? VARYING : new Shape(Kind.AFFINE, own);
    }

    boolean isUniform() {
        return kind == Kind.UNIFORM;
    }

    boolean isAffine() {
        return kind == Kind.AFFINE;
    }

    boolean isVarying() {
        return kind == Kind.VARYING;
    }

    /** Whether the first thread's value tells all. */
    boolean isScalar() {
        return isUniform() || isAffine();
    }

    /** What holds for both. */
    Shape join(Shape other) {
        if (equals(other) || other.kind == Kind.NONE) {
            return this;
        }
        return kind == Kind.NONE ? other : VARYING;
    }
}
