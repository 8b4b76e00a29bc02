package org.v4vgpu.v4v.xen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor;
import org.v4vgpu.v4v.V4vHypervisor.SpaceQuestion;

/** How often Xen is asked; on a Xen that is played in this process. */
@Timeout(60)
class QuestionsOnXenTest {
    private final FakeXen xen = new FakeXen();

    @TempDir
    Path directory;

    @Test
    void asksAbout256RingsWithOneHypercall() throws IOException {
        try (V4vHypervisor asking = xen.open(1, directory);
                V4vHypervisor asked = xen.open(2, directory)) {
            asked.register(5, 1, 256);
            asked.register(6, 1, 48);
            SpaceQuestion there = new SpaceQuestion(new V4vAddress(2, 5), 224);
            SpaceQuestion small = new SpaceQuestion(new V4vAddress(2, 6), 224);
            var answers = asking.notify(List.of(there, small, new SpaceQuestion(new V4vAddress(2, 7), 1)));
            assertTrue(answers.get(0).sufficient() && answers.get(1).tooLarge());
            assertTrue(!answers.get(2).exists());
            assertEquals(1, callsFor(asking, Collections.nCopies(256, there)));
            assertEquals(2, callsFor(asking, Collections.nCopies(257, there)));
        }
    }

    /** The fewest of many times: the thread that keeps house asks meanwhile, now and then. */
    private int callsFor(V4vHypervisor asking, List<SpaceQuestion> questions) throws IOException {
        int fewest = Integer.MAX_VALUE;
        for (int i = 0; i < 50; i++) {
            int before = xen.calls(1, ArgoDescriptor.OP_NOTIFY);
            assertEquals(questions.size(), asking.notify(questions).size());
            fewest = Math.min(fewest, xen.calls(1, ArgoDescriptor.OP_NOTIFY) - before);
        }
        return fewest;
    }
}
