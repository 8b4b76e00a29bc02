package org.v4vgpu.device.blas;

import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.blas.JavaBLAS;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The library that computes: in Java, with the Vector API where the JVM was started with {@code --add-modules
 * jdk.incubator.vector}. Native libraries are left out: they would hold up the garbage collector, and with it all clients, for as
 * long as a product takes.
 */
final class Arithmetic {
    static final BLAS LIBRARY;

    /** Kept, because what is set on a logger lasts as long as somebody knows it. */
    private static final Logger LOG = Logger.getLogger("dev.ludovic.netlib.blas");

    static {
        LOG.setLevel(Level.WARNING); // it tells everybody which implementation it has found
        System.setProperty(BLAS.ALLOW_NATIVE_BLAS, "false");
        LIBRARY = JavaBLAS.getInstance();
    }

    private Arithmetic() {}
}
