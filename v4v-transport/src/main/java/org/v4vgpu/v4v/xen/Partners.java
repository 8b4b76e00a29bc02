package org.v4vgpu.v4v.xen;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.v4vgpu.v4v.ArgoError;
import org.v4vgpu.v4v.ArgoException;
import org.v4vgpu.v4v.V4vAddress;
import org.v4vgpu.v4v.V4vHypervisor.RingStatus;
import org.v4vgpu.v4v.V4vHypervisor.SpaceQuestion;
import org.v4vgpu.v4v.ring.ArgoReceiveRing;
import org.v4vgpu.v4v.ring.SignDescriptor;
import org.v4vgpu.v4v.ring.StagedSendRing;

/**
 * Finds out which partners have gone, for Xen tells nobody. Confined to the domain's thread.
 *
 * <p>One question to Xen covers all rings that this process writes, and those by which its own rings' writers can be known. What does not
 * exist any more is looked at again: its ring alone may have gone (ECONNREFUSED), or its domain (ESRCH). A process that was killed where
 * nobody cleans up after it leaves its rings registered, and is known by its silence alone.
 */
final class Partners {
    /** Xen logs such a question if the domain is there, so it is not asked in every look. */
    private static final int LOOKS_PER_QUESTION = 2;

    private static final long NO_PORT = 0xFFFF_FFFFL;

    private final V4vAddress self;
    private final ArgoCalls calls;
    private Set<Integer> known = new HashSet<>();
    private int looks;

    Partners(int domain, ArgoCalls calls) {
        this.self = new V4vAddress(domain, 0);
        this.calls = calls;
    }

    /**
     * Looks once.
     *
     * @param rings those of this process
     * @param senders those that it writes
     */
    void look(Collection<ArgoReceiveRing> rings, Collection<StagedSendRing> senders, long nowNanos, long deadNanos)
            throws ArgoException {
        List<ArgoReceiveRing> received = List.copyOf(rings);
        List<StagedSendRing> sent = List.copyOf(senders);
        List<SpaceQuestion> asked = new ArrayList<>();
        sent.forEach(sender -> asked.add(existence(sender.address())));
        received.forEach(ring -> asked.add(existence(writerOf(ring))));
        List<RingStatus> answers = calls.ask(asked);
        looks++;
        Set<Integer> living = new HashSet<>();
        Set<Integer> doubted = new HashSet<>();
        for (int i = 0; i < asked.size(); i++) {
            (answers.get(i).exists() ? living : doubted)
                    .add(asked.get(i).destination().domain());
        }
        for (int i = 0; i < sent.size(); i++) {
            if (!answers.get(i).exists()) {
                sent.get(i).examine();
            }
        }
        for (int i = 0; i < received.size(); i++) {
            ArgoReceiveRing ring = received.get(i);
            if (ring.writerPort() != 0) {
                ring.writerRing(answers.get(sent.size() + i).exists());
            }
            ring.judgeSilence(nowNanos, deadNanos);
        }
        doubted.removeAll(living);
        doubted.remove(V4vAddress.DOMAIN_ANY);
        for (int domain : doubted) {
            if (looks % LOOKS_PER_QUESTION == 0 || known.contains(domain)) {
                question(domain, received, sent);
            }
        }
        known = living;
    }

    /** Of a message that never fits, so that nothing is waited for. */
    private static SpaceQuestion existence(V4vAddress ring) {
        return new SpaceQuestion(ring, Integer.MAX_VALUE);
    }

    /** What to ask about a ring's writer; a ring that can't exist where nothing is known. */
    private static V4vAddress writerOf(ArgoReceiveRing ring) {
        long port = ring.writerPort();
        return new V4vAddress(ring.partner(), port == 0 ? NO_PORT : port);
    }

    /** Whether the domain is there at all. */
    private void question(int domain, List<ArgoReceiveRing> received, List<StagedSendRing> sent) {
        int said = calls.sign(self, new V4vAddress(domain, NO_PORT), SignDescriptor.PULSE);
        if (said == -ArgoError.ESRCH.errno()) {
            received.stream().filter(ring -> ring.partner() == domain).forEach(ArgoReceiveRing::partnerGone);
            sent.stream().filter(ring -> ring.address().domain() == domain).forEach(StagedSendRing::partnerGone);
        }
    }
}
