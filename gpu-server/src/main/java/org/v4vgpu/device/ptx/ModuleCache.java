package org.v4vgpu.device.ptx;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The modules that were compiled last, by the digest of their text: programs load the same PTX again and again. What a module takes
 * of the heap grows with its text, so the sum of the texts is bounded. Safe for any thread.
 */
final class ModuleCache {
    private static final int MOST_MODULES = 64;

    private record Held(CompiledModule module, int characters) {}

    private final long mostCharacters;

    // Guarded by this. Least recently used first.
    private final Map<String, Held> modules = new LinkedHashMap<>(16, 0.75f, true);
    private long heldCharacters;

    ModuleCache(long mostCharacters) {
        this.mostCharacters = mostCharacters;
    }

    synchronized @Nullable CompiledModule find(String digest) {
        Held held = modules.get(digest);
        return held == null ? null : held.module;
    }

    /** Keeps a module, unless it would take more than a quarter of the whole. */
    synchronized void keep(String digest, CompiledModule module, int characters) {
        if (characters > mostCharacters / 4) {
            return;
        }
        Held before = modules.put(digest, new Held(module, characters));
        heldCharacters += characters - (before == null ? 0 : before.characters);
        var oldest = modules.values().iterator();
        while (heldCharacters > mostCharacters || modules.size() > MOST_MODULES) {
            heldCharacters -= oldest.next().characters;
            oldest.remove();
        }
    }

    static String digest(String text) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
