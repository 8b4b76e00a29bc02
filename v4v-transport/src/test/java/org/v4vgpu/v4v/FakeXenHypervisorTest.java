package org.v4vgpu.v4v;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.xen.FakeXen;

/** The contract through Argo's hypercalls, with a Xen that is played in this process. */
class FakeXenHypervisorTest extends HypervisorContract {
    private final FakeXen xen = new FakeXen();

    @TempDir
    Path directory;

    @Override
    protected V4vHypervisor open(int domain) throws IOException {
        return xen.open(domain, directory);
    }

    @Override
    protected boolean tellsTheEndBehindAFullRing() {
        return false;
    }
}
