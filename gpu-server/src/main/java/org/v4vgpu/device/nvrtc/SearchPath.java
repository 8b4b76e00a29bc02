package org.v4vgpu.device.nvrtc;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The programs that this process would run by their names. For any thread. */
final class SearchPath {
    private SearchPath() {}

    /**
     * Finds a program: the first name that is in any directory of PATH, or of more.
     *
     * @return null if there is none
     */
    static @Nullable Path find(List<String> names, String... more) {
        List<String> directories = Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1)), Stream.of(more))
                .filter(each -> each.startsWith("/"))
                .toList();
        return names.stream()
                .flatMap(name -> directories.stream().map(directory -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
