package org.v4vgpu.bench.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.v4vgpu.device.DeviceException;

/** 100 barriers of blocks of 256 threads; what 1000 of them take for one thread counts, so that its microseconds are ns for one. */
final class BarrierDuel extends KernelDuel {
    private static final int BLOCK = 256;
    private static final int BARRIERS = 100;
    private static final int COUNTED = 1000;

    private final int[] out;

    BarrierDuel(DuelGround ground, int blocks) throws DeviceException, IOException {
        super(ground, source(), "1000 barriers", 0, (double) blocks * BLOCK * BARRIERS / COUNTED);
        out = changing(new int[blocks * BLOCK]);
        launch("ring", row(out.length, BLOCK), out, BARRIERS / 2);
    }

    private static DuelGround.Source source() throws IOException {
        try (InputStream in = BarrierDuel.class.getResourceAsStream("barriers.ptx")) {
            if (in == null) {
                throw new IOException("barriers.ptx is missing beside " + BarrierDuel.class.getName());
            }
            return new DuelGround.Source(new String(in.readAllBytes(), StandardCharsets.US_ASCII), null);
        }
    }

    /** A loop over the block's threads for each part between two barriers. */
    @Override
    public void inJava() {
        share(out.length / BLOCK, (from, to) -> {
            int[] values = new int[BLOCK];
            for (int block = from; block < to; block++) {
                int first = block * BLOCK;
                for (int t = 0; t < BLOCK; t++) {
                    out[first + t] = t;
                }
                for (int i = 0; i < BARRIERS / 2; i++) {
                    for (int t = 0; t < BLOCK; t++) {
                        values[t] = out[first + t];
                    }
                    for (int t = 0; t < BLOCK; t++) {
                        out[first + t] = values[(t + 1) % BLOCK] + 1;
                    }
                }
            }
        });
    }
}
