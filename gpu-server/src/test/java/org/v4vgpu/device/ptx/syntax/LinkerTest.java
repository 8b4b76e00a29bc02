package org.v4vgpu.device.ptx.syntax;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.v4vgpu.device.DeviceException;
import org.v4vgpu.proto.CudaStatus;

/** Texts that ask for too much when they are linked, and the names that they get. What linked modules do is LinkTest's. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinkerTest {
    private static final String HEAD = ".version 7.0\n.target sm_60\n.address_size 64\n";
    private static final int MANY = 100_000;

    /** How often each name stands in a text. */
    private static Map<String, Integer> names(String text) {
        Map<String, Integer> found = new HashMap<>();
        for (Token token : Lexer.tokens(text)) {
            if (token.kind() == Token.Kind.WORD) {
                found.merge(token.text(), 1, Integer::sum);
            }
        }
        return found;
    }

    private static String link(List<String> texts) throws DeviceException {
        return Linker.link(texts, _ -> {});
    }

    /** The time may be over at any statement of any input, each time that one is looked at. */
    @Test
    void endsWhenItsTimeIsOver() throws DeviceException {
        List<String> texts =
                List.of(HEAD + ".global .u32 a; .global .u32 b; ", HEAD + ".global .u32 a; .visible .global .u32 c; ");
        int[] looks = {0};
        Linker.link(texts, _ -> looks[0]++);
        assertEquals(4 * 4, looks[0]);
        for (int last = 0; last < looks[0]; last++) {
            int[] left = {last};
            DeviceException refused = assertThrows(
                    DeviceException.class,
                    () -> Linker.link(texts, line -> {
                        if (left[0]-- == 0) {
                            throw new PtxErrors.Refusal(line, "no time is left");
                        }
                    }));
            assertEquals(CudaStatus.INVALID_PTX, refused.status());
            assertTrue(
                    String.valueOf(refused.getMessage()).matches("line \\d+: no time is left"),
                    String.valueOf(refused.getMessage()));
        }
    }

    /** Each name for itself would be 10^11 steps. */
    @Test
    void renamesManyNamesInTimeThatGrowsWithTheText() throws DeviceException {
        String text = HEAD
                + IntStream.range(0, MANY)
                        .mapToObj(i -> ".global .u32 v" + i + ";\n")
                        .collect(Collectors.joining());
        Map<String, Integer> names = names(link(List.of(text, text)));
        for (int i = 0; i < MANY; i++) {
            assertEquals(1, names.getOrDefault("v" + i, 0), "v" + i);
            assertEquals(1, names.getOrDefault("v" + i + "__1", 0), "v" + i);
        }
    }

    /** Prototypes in front of definitions, each of which would be looked for among all. */
    @Test
    void findsTheDefinitionsOfManyPrototypes() throws DeviceException {
        String text = HEAD
                + IntStream.range(0, MANY)
                        .mapToObj(i -> ".func f" + i + "; .visible .func f" + i + "() { ret; }\n")
                        .collect(Collectors.joining());
        Map<String, Integer> names =
                names(link(List.of(text, HEAD + ".func f1() { ret; } .visible .func g() { call f1; ret; }\n")));
        assertEquals(2, names.getOrDefault("f0", 0));
        assertEquals(2, names.getOrDefault("f1", 0));
        assertEquals(2, names.getOrDefault("f1__2", 0));
    }

    @Test
    void takesNoNameThatStandsAnywhere() throws DeviceException {
        StringBuilder taken = new StringBuilder(HEAD + ".global .u32 v, v__1");
        for (int i = 1; i <= 1000; i++) {
            taken.append(", v__1_").append(i);
        }
        String first = taken + ";\n.func own() { .reg .b32 own__1; mov.u32 own__1, v; ret; }\n";
        String second = HEAD + ".global .u32 v;\n.func own() { .reg .b32 v__2; ld.global.u32 v__2, [v]; ret; }\n";
        Map<String, Integer> names = names(link(List.of(first, second)));
        assertEquals(2, names.getOrDefault("v", 0), "the second text's");
        assertEquals(2, names.getOrDefault("v__1_1001", 0), "the first text's, declared and read");
        assertEquals(2, names.getOrDefault("own__1", 0), "a register keeps its name");
        assertEquals(1, names.getOrDefault("own__1_1002", 0), "so the function gets another");
        assertEquals(1, names.getOrDefault("own", 0));
    }

    @Test
    void refusesTextsThatAreTooLongTogetherOrBecomeSo() {
        String half = HEAD + " ".repeat(Parser.MOST_CHARACTERS / 2);
        assertEquals(
                "line 1: the texts have " + 2 * half.length() + " characters together, at most 16777216 are supported",
                refusal(half, half));
        String uses = HEAD + ".global .u32 v, v__1;\n.func f() {\n" + "v;".repeat(Parser.MOST_CHARACTERS / 8) + "}\n";
        assertEquals(
                "line 6: the linked text has more than 16777216 characters", refusal(uses, HEAD + ".global .u32 v;\n"));
    }

    @Test
    void refusesVariablesWithoutName() {
        assertTrue(refusal(HEAD, HEAD + ".visible .global ;\n").endsWith("a variable without a name"));
    }

    private static String refusal(String... texts) {
        DeviceException refused = assertThrows(DeviceException.class, () -> link(List.of(texts)));
        assertEquals(CudaStatus.INVALID_PTX, refused.status());
        return String.valueOf(refused.getMessage());
    }
}
