package org.v4vgpu.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.DeviceException;

/**
 * Looks for libcublas: the newest that the driver serves, since one of a newer CUDA does not start on an older driver. Immutable. The
 * property {@code v4vgpu.cublas.library} names a file instead.
 *
 * @param symbols of the library that was found; null if there is none
 * @param words its name, or why there is none and what to do
 */
record CublasSearch(@Nullable SymbolLookup symbols, String words) {
    private static final int OLDEST = 11;

    /** If the driver does not say. */
    private static final int NEWEST = 13;

    /** Where CUDA's installers put it, beside where the loader looks. */
    private static final List<String> DIRECTORIES = List.of(
            "/usr/local/cuda/lib64",
            "/usr/local/cuda-%d/lib64",
            "/usr/local/cuda/targets/x86_64-linux/lib",
            "/usr/local/cuda/targets/sbsa-linux/lib",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64");

    static CublasSearch run() {
        String wanted = System.getProperty(Cublas.PROPERTY);
        if (wanted != null) {
            SymbolLookup symbols = load(wanted);
            return symbols != null
                    ? new CublasSearch(symbols, wanted)
                    : new CublasSearch(null, "the server can't load its cuBLAS: " + LoaderWords.of(wanted));
        }
        return run(newest());
    }

    private static CublasSearch run(int newest) {
        List<String> broken = new ArrayList<>();
        for (int major = newest; major >= OLDEST; major--) {
            for (String file : files(major)) {
                SymbolLookup symbols = load(file);
                if (symbols != null) {
                    return new CublasSearch(symbols, file);
                }
                String why = LoaderWords.of(file);
                if (!why.isEmpty() && !why.startsWith(file + ": cannot open shared object file: No such file")) {
                    broken.add(why);
                }
            }
        }
        return new CublasSearch(null, explain(newest, broken));
    }

    private static String explain(int newest, List<String> broken) {
        String start = "the server has no cuBLAS that it can use";
        if (!broken.isEmpty()) {
            return start + ": " + broken.getFirst()
                    + "; what libcublas needs (libcublasLt) has to be on the library path (LD_LIBRARY_PATH)";
        }
        for (int major = newest + 1; major <= newest + 2; major++) {
            for (String file : files(major)) {
                if (Files.exists(Path.of(file))) {
                    return start + ": " + file + " is for CUDA " + major + ", the driver serves CUDA " + newest
                            + "; install a newer driver, or the cuBLAS of CUDA " + newest;
                }
            }
        }
        return start + ": no libcublas.so." + newest + " (down to ." + OLDEST + ") on the library path or in"
                + " /usr/local/cuda; install CUDA's package libcublas there (libcublas-" + newest
                + "-..., or the toolkit), or name the file with --cublas";
    }

    private static List<String> files(int major) {
        String name = "libcublas.so." + major;
        List<String> files = new ArrayList<>();
        files.add(name);
        for (String directory : DIRECTORIES) {
            files.add(Path.of(directory.replace("%d", String.valueOf(major)), name)
                    .toString());
        }
        return files;
    }

    /** A library that lies beside it, and that it needs, is loaded before it: a file's own directory is not searched. */
    private static @Nullable SymbolLookup load(String file) {
        Path path = Path.of(file);
        Path light = path.resolveSibling(path.getFileName().toString().replace("libcublas.", "libcublasLt."));
        if (path.getParent() != null && !light.equals(path) && Files.exists(light)) {
            open(light.toString());
        }
        return path.getParent() == null || Files.exists(path) ? open(file) : null;
    }

    private static @Nullable SymbolLookup open(String file) {
        try {
            return SymbolLookup.libraryLookup(file, Arena.global());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static int newest() {
        try {
            return Math.max(OLDEST, DriverDevices.version() / 1000);
        } catch (DeviceException e) {
            return NEWEST;
        }
    }
}
