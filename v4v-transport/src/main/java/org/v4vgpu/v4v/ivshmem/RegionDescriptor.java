package org.v4vgpu.v4v.ivshmem;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The layout of a region: a table of domains, each with a table of its rings, and space for rings in chunks. A region of zeros is
 * an empty one.
 *
 * <pre>
 *     0 u64 magic
 *     8 u32 version
 *    16 u64 bytes of the region
 *  4096 domain[{@value #DOMAINS}], 16384 bytes each:
 *          0 u64 tag          who is this domain: 0 nobody, else 48 random bits above the 16 of the domain id; one tag is one life
 *        128 u64 beat         grows as long as the domain lives
 *       1024 ring[{@value #RINGS}], 64 bytes each:
 *               0 u64 generation   0 free, else a number that the owner uses once
 *               8 u64 partner tag  the one life that may write; 0 for a ring for any partner
 *              16 u64 writer tag   0 nobody, else who writes now: taken and left by writers
 *              24 u32 port
 *              28 u32 partner      domain id, or any
 *              32 u32 chunk        where the ring begins, see {@link org.v4vgpu.v4v.ring.RingDescriptor}
 *              36 u32 length       bytes of its data
 *       chunk's state[chunks], 16 bytes each:
 *          0 u64 owner tag    0 free
 *          8 u64 user tag     of a window: the one life beside the owner's that has it mapped; 0 nobody, all ones nobody ever again
 *       chunk[chunks], 16384 bytes each, from a multiple of 16384 on
 * </pre>
 *
 * <p>Words that one side writes and another reads often lie 128 bytes apart from others, as in rings. Little endian. Stateless, safe
 * for any thread. Whoever may map the region may write anything here: readers validate.
 */
final class RegionDescriptor {
    static final long MAGIC = 0x4e47_4552_5634_5631L; // "1V4VREGN"
    static final int VERSION = 2;

    static final int DOMAINS = 64;

    /** More than a domain may have registered: rings that were closed keep their place until their writer has left. */
    static final int RINGS = 240;

    static final int CHUNK_BYTES = 16_384;

    private static final long DOMAIN_TABLE = 4096;
    private static final long DOMAIN_BYTES = 16_384;
    private static final long BEAT = 128;
    private static final long RING_TABLE = 1024;
    private static final long RING_BYTES = 64;
    private static final long CHUNK_TABLE = DOMAIN_TABLE + DOMAINS * DOMAIN_BYTES;
    private static final long CHUNK_STATE_BYTES = 16;
    private static final long CHUNK_USER = 8;

    private static final int DOMAIN_BITS = 16;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private RegionDescriptor() {}

    /** Chunks that a region of that length has; not positive if it is too small. */
    static int chunks(long regionBytes) {
        long chunks = (regionBytes - CHUNK_TABLE) / (CHUNK_BYTES + CHUNK_STATE_BYTES);
        while (chunks > 0 && chunkTableEnd(chunks) + chunks * CHUNK_BYTES > regionBytes) {
            chunks--;
        }
        return (int) Math.min(chunks, Integer.MAX_VALUE);
    }

    private static long chunkTableEnd(long chunks) {
        return (CHUNK_TABLE + chunks * CHUNK_STATE_BYTES + CHUNK_BYTES - 1) & -CHUNK_BYTES;
    }

    /** Where a chunk lies in a region of so many chunks. */
    static long chunkOffset(int chunks, int chunk) {
        return chunkTableEnd(chunks) + (long) chunk * CHUNK_BYTES;
    }

    /** Chunks that so many bytes need. */
    static int chunksOf(long bytes) {
        return Math.toIntExact((bytes + CHUNK_BYTES - 1) / CHUNK_BYTES);
    }

    /** The domain id in a tag; may be any 16 bits. */
    static int domainOf(long tag) {
        return (int) tag & ((1 << DOMAIN_BITS) - 1);
    }

    /** A tag of a domain from random bits; never 0. */
    static long tag(long random, int domain) {
        long life = random << DOMAIN_BITS;
        return (life == 0 ? 1L << DOMAIN_BITS : life) | domain;
    }

    static boolean isFresh(MemorySegment region) {
        return (long) LONG.getAcquire(region, 0L) == 0;
    }

    /** Every opener of a fresh region writes the same words, so it does not matter who is first. */
    static void initialize(MemorySegment region) {
        region.set(INT, 8, VERSION);
        region.set(ValueLayout.JAVA_LONG, 16, region.byteSize());
        LONG.setRelease(region, 0L, MAGIC);
    }

    static boolean hasMagic(MemorySegment region) {
        return (long) LONG.getAcquire(region, 0L) == MAGIC;
    }

    static int version(MemorySegment region) {
        return region.get(INT, 8);
    }

    static long bytes(MemorySegment region) {
        return region.get(ValueLayout.JAVA_LONG, 16);
    }

    // ---- domains

    private static long domain(int domain) {
        return DOMAIN_TABLE + domain * DOMAIN_BYTES;
    }

    static long tagVolatile(MemorySegment region, int domain) {
        return (long) LONG.getVolatile(region, domain(domain));
    }

    static boolean casTag(MemorySegment region, int domain, long expected, long tag) {
        return LONG.compareAndSet(region, domain(domain), expected, tag);
    }

    static long beatOpaque(MemorySegment region, int domain) {
        return (long) LONG.getOpaque(region, domain(domain) + BEAT);
    }

    static void beat(MemorySegment region, int domain, long beat) {
        LONG.setOpaque(region, domain(domain) + BEAT, beat);
    }

    // ---- rings

    private static long ring(int domain, int ring) {
        return domain(domain) + RING_TABLE + ring * RING_BYTES;
    }

    static long generationVolatile(MemorySegment region, int domain, int ring) {
        return (long) LONG.getVolatile(region, ring(domain, ring));
    }

    static void generationVolatile(MemorySegment region, int domain, int ring, long generation) {
        LONG.setVolatile(region, ring(domain, ring), generation);
    }

    static long partnerTag(MemorySegment region, int domain, int ring) {
        return region.get(ValueLayout.JAVA_LONG, ring(domain, ring) + 8);
    }

    static long writerVolatile(MemorySegment region, int domain, int ring) {
        return (long) LONG.getVolatile(region, ring(domain, ring) + 16);
    }

    static void writerVolatile(MemorySegment region, int domain, int ring, long tag) {
        LONG.setVolatile(region, ring(domain, ring) + 16, tag);
    }

    static boolean casWriter(MemorySegment region, int domain, int ring, long expected, long tag) {
        return LONG.compareAndSet(region, ring(domain, ring) + 16, expected, tag);
    }

    static long port(MemorySegment region, int domain, int ring) {
        return Integer.toUnsignedLong(region.get(INT, ring(domain, ring) + 24));
    }

    static int partner(MemorySegment region, int domain, int ring) {
        return region.get(INT, ring(domain, ring) + 28);
    }

    static int chunk(MemorySegment region, int domain, int ring) {
        return region.get(INT, ring(domain, ring) + 32);
    }

    static int length(MemorySegment region, int domain, int ring) {
        return region.get(INT, ring(domain, ring) + 36);
    }

    /** Fills a free place, generation last. */
    static void ring(
            MemorySegment region,
            int domain,
            int ring,
            long generation,
            long partnerTag,
            long port,
            int partner,
            int chunk,
            int length) {
        long at = ring(domain, ring);
        region.set(ValueLayout.JAVA_LONG, at + 8, partnerTag);
        LONG.setVolatile(region, at + 16, 0L);
        region.set(INT, at + 24, (int) port);
        region.set(INT, at + 28, partner);
        region.set(INT, at + 32, chunk);
        region.set(INT, at + 36, length);
        LONG.setVolatile(region, at, generation); // SYNC: ring-register
    }

    // ---- chunks

    private static long state(int chunk) {
        return CHUNK_TABLE + chunk * CHUNK_STATE_BYTES;
    }

    static long ownerVolatile(MemorySegment region, int chunk) {
        return (long) LONG.getVolatile(region, state(chunk));
    }

    static boolean casOwner(MemorySegment region, int chunk, long expected, long tag) {
        return LONG.compareAndSet(region, state(chunk), expected, tag);
    }

    static long userVolatile(MemorySegment region, int chunk) {
        return (long) LONG.getVolatile(region, state(chunk) + CHUNK_USER);
    }

    static void userVolatile(MemorySegment region, int chunk, long tag) {
        LONG.setVolatile(region, state(chunk) + CHUNK_USER, tag);
    }

    static boolean casUser(MemorySegment region, int chunk, long expected, long tag) {
        return LONG.compareAndSet(region, state(chunk) + CHUNK_USER, expected, tag);
    }
}
