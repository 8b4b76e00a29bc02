package org.v4vgpu.device.cuda;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.server.session.RingDmaTest;

/**
 * Runs the tests of the CUDA device in this process, on whatever driver it has. Exit codes: 0 all right, 1 a test failed, 3 no GPU, or
 * no test ran.
 *
 * <p>The measurement kit for GPUs runs it as well.
 */
public final class ContractRun {
    private ContractRun() {}

    @SuppressWarnings("SystemOut") // it is a program
    public static void main(String[] arguments) {
        if (!Cuda.isAvailable()) {
            System.out.println("no GPU: " + String.valueOf(Cuda.unavailabilityCause()));
            System.exit(3);
        }
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(
                        DiscoverySelectors.selectClass(CudaDeviceTest.class),
                        DiscoverySelectors.selectClass(CudaCopyTest.class),
                        DiscoverySelectors.selectClass(CudaBlasTest.class),
                        DiscoverySelectors.selectClass(DriverUseTest.class),
                        DiscoverySelectors.selectClass(PeerCopyTest.class),
                        DiscoverySelectors.selectClass(RingDmaTest.class))
                .build();
        DeviceException noBlas = Cublas.unavailabilityCause();
        System.out.println("cuBLAS: " + (noBlas == null ? CublasLibrary.name() : noBlas.getMessage()));
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        Launcher launcher = LauncherFactory.create();
        launcher.execute(request, listener);
        TestExecutionSummary summary = listener.getSummary();
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        summary.printFailuresTo(out, 20);
        out.println("tests: " + summary.getTestsSucceededCount() + " right, " + summary.getTestsFailedCount()
                + " failed, " + summary.getTestsAbortedCount() + " not for this machine");
        if (StandIn.isDriver()) {
            out.println("left behind: " + StandIn.counts());
        }
        System.exit(summary.getTestsFailedCount() > 0 ? 1 : summary.getTestsSucceededCount() == 0 ? 3 : 0);
    }
}
