package org.v4vgpu.device.nvrtc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A program as files, on its way into the sandbox. */
final class NvrtcFiles {
    private static final String TEXT = "program.cu";
    private static final String NAME = "name";
    private static final String OPTIONS = "options";
    private static final String EXPRESSIONS = "expressions";
    private static final String HEADERS = "headers";
    private static final String HEADER = "header";

    private NvrtcFiles() {}

    /** The files of a program whose options, expressions and header names have no line breaks. */
    static Map<String, String> of(Program program) {
        Map<String, String> files = new LinkedHashMap<>();
        files.put(TEXT, program.text());
        files.put(NAME, program.name());
        files.put(OPTIONS, String.join("\n", program.options()));
        files.put(EXPRESSIONS, String.join("\n", program.nameExpressions()));
        files.put(
                HEADERS,
                String.join(
                        "\n",
                        program.headers().stream().map(Program.Header::name).toList()));
        for (int i = 0; i < program.headers().size(); i++) {
            files.put(HEADER + i, program.headers().get(i).text());
        }
        return files;
    }

    static Program read(Path directory) throws IOException {
        List<Program.Header> headers = new ArrayList<>();
        for (String name : Files.readAllLines(directory.resolve(HEADERS))) {
            headers.add(new Program.Header(name, Files.readString(directory.resolve(HEADER + headers.size()))));
        }
        return new Program(
                Files.readString(directory.resolve(NAME)),
                Files.readString(directory.resolve(TEXT)),
                headers,
                Files.readAllLines(directory.resolve(OPTIONS)),
                Files.readAllLines(directory.resolve(EXPRESSIONS)));
    }
}
