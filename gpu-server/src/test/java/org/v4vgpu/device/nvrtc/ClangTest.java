package org.v4vgpu.device.nvrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Takes no clang. */
final class ClangTest {
    @Test
    void showsItsOwnFilesAndNoneOfItsNeighbours(@TempDir Path root) throws Exception {
        for (String file : List.of(
                "bin/clang-19",
                "bin/passwords",
                "lib/clang/19/include/stddef.h",
                "lib/clang/18/include/stddef.h",
                "lib/libclang-cpp.so.19.1",
                "lib/libLLVMCore.a",
                "lib/libsecret.so",
                "lib/libLLVM.so.secret",
                "lib64/libLLVM.so.19.1")) {
            Files.createDirectories(root.resolve(file).getParent());
            Files.createFile(root.resolve(file));
        }
        Files.createDirectories(root.resolve("lib/libclang.so")); // no file
        Files.createSymbolicLink(root.resolve("lib64/libLLVM-19.so"), Path.of("libLLVM.so.19.1"));
        assertEquals(
                Map.of(
                        root.resolve("bin/clang-19"), "/clang/bin/clang-19",
                        root.resolve("lib/clang/19"), "/clang/lib/clang/19",
                        root.resolve("lib/libclang-cpp.so.19.1"), "/clang/lib/libclang-cpp.so.19.1",
                        root.resolve("lib64/libLLVM-19.so"), "/clang/lib64/libLLVM-19.so",
                        root.resolve("lib64/libLLVM.so.19.1"), "/clang/lib64/libLLVM.so.19.1"),
                clang(root.resolve("bin/clang-19"), root.resolve("lib/clang/19"))
                        .shown());
    }

    @Test
    void ofTheSystemIsSeenAnyway() throws Exception {
        Path root = Path.of("/usr/lib/llvm-19");
        assertEquals(
                Map.of(),
                clang(root.resolve("bin/clang"), root.resolve("lib/clang/19")).shown());
    }

    private static Clang clang(Path program, Path resources) {
        return new Clang(program, resources, 19, 1, List.of("sm_75"));
    }
}
