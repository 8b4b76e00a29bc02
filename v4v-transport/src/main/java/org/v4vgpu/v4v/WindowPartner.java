package org.v4vgpu.v4v;

import java.io.IOException;

/**
 * The other side of a channel as somebody to share memory with. Safe for any thread. It means the two domains, not the channel: what
 * was shared lives on when the channel closes.
 *
 * {@snippet :
 *   Window mine = channel.windowPartner().orElseThrow().share(1 << 20);
 *   // tell the other side the name; there:
 *   Window theirs = channel.windowPartner().orElseThrow().open(name, 1 << 20);
 * }
 */
public interface WindowPartner {
    /**
     * Makes memory that only this partner can open, and only once. The caller closes it.
     *
     * @param lengthBytes positive; the memory may have more, up to a page's end
     * @throws IOException if there is no such memory to be had
     */
    Window share(long lengthBytes) throws IOException;

    /**
     * Maps what the partner has shared with this side. The caller closes it.
     *
     * @param lengthBytes how much of it; from the partner's mouth, and checked against what is there
     * @throws IOException if the partner has shared nothing under that name, or less, or memory that can shrink, or is gone
     */
    Window open(long name, long lengthBytes) throws IOException;
}
