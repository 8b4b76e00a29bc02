package org.v4vgpu.device.ptx.compiler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The line numbers of generated code. A class file holds numbers up to 65,535 and PTX is longer at times: lines in the first half of these
 * stand for themselves, and each method counts the later ones that it has. Filled by one compiling thread at a time, asked by any.
 */
public final class LineNumbers {
    private static final int FIRST_COUNTED = 0x8000;
    private static final int LAST = 0xFFFF;

    /** The lines that a method counts, in the order of their numbers. */
    private final Map<String, List<Integer>> counted = new HashMap<>();

    private List<Integer> lines = new ArrayList<>();
    private final Map<Integer, Integer> numbers = new HashMap<>();

    LineNumbers() {}

    /** A method begins, or begins once more. */
    synchronized void begin(String method) {
        lines = new ArrayList<>();
        numbers.clear();
        counted.remove(method);
        counted.put(method, lines);
    }

    /** The number of a line in the method at hand; 0, unknown, if there are too many. */
    synchronized int of(int line) {
        if (line < FIRST_COUNTED) {
            return line;
        }
        Integer known = numbers.get(line);
        if (known != null) {
            return known;
        }
        int number = FIRST_COUNTED + lines.size();
        if (number > LAST) {
            return 0;
        }
        lines.add(line);
        numbers.put(line, number);
        return number;
    }

    /** The line of PTX of a number in a method; 0 if unknown. */
    public synchronized int lineAt(String method, int number) {
        if (number < FIRST_COUNTED) {
            return number;
        }
        List<Integer> found = counted.getOrDefault(method, List.of());
        int index = number - FIRST_COUNTED;
        return index < found.size() ? found.get(index) : 0;
    }
}
