package org.v4vgpu.v4v.shm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.v4v.V4vHypervisor;

/**
 * Who waits for space in one ring: an entry per domain, with the largest length that it wants, as Argo keeps it. Guarded by the
 * {@link FabricDomain}'s lock.
 */
final class WaitingList {
    private final Map<Peer, Entry> entries = new HashMap<>();

    /** A question that is answered when the space is there. */
    record Question(ServedLink link, int id, long port, int wantedBytes) {}

    private static final class Entry {
        int wantedBytes;
        final List<Question> questions = new ArrayList<>();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Puts a domain on the list. False if too many other domains are (Argo's EBUSY). */
    boolean add(Peer peer, int wantedBytes) {
        return entry(peer, wantedBytes) != null;
    }

    private @Nullable Entry entry(Peer peer, int wantedBytes) {
        Entry entry = entries.get(peer);
        if (entry == null) {
            if (entries.size() >= V4vHypervisor.WAITING_DOMAINS) {
                return null;
            }
            entry = new Entry();
            entries.put(peer, entry);
        }
        entry.wantedBytes = Math.max(entry.wantedBytes, wantedBytes);
        return entry;
    }

    /** As {@link #add(Peer, int)}, with a question to be answered. */
    boolean add(Peer peer, Question question) {
        remove(question.link()); // who asks again on a link has given up the question before
        Entry entry = entry(peer, question.wantedBytes());
        return entry != null && entry.questions.add(question);
    }

    /** A domain has been told that there is space: it waits no longer, unless a question of its is open. */
    void cancel(Peer peer) {
        Entry entry = entries.get(peer);
        if (entry != null && entry.questions.isEmpty()) {
            entries.remove(peer);
        }
    }

    /** The questions of all who can be told that there is space; whoever wants no more than that leaves the list. */
    List<Question> take(int freeBytes) {
        List<Question> answerable = new ArrayList<>();
        for (Iterator<Entry> each = entries.values().iterator(); each.hasNext(); ) {
            Entry entry = each.next();
            entry.questions.removeIf(question -> question.wantedBytes() <= freeBytes && answerable.add(question));
            if (entry.wantedBytes <= freeBytes) {
                each.remove();
            }
        }
        return answerable;
    }

    /** All questions, when the ring goes. */
    List<Question> takeAll() {
        List<Question> all = new ArrayList<>();
        entries.values().forEach(entry -> all.addAll(entry.questions));
        entries.clear();
        return all;
    }

    void remove(Peer peer) {
        entries.remove(peer);
    }

    /** A link has gone, and its questions with it. */
    void remove(ServedLink link) {
        entries.values().removeIf(entry -> {
            boolean had = entry.questions.removeIf(question -> question.link().equals(link));
            return had && entry.questions.isEmpty();
        });
    }
}
