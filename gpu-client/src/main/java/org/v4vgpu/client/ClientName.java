package org.v4vgpu.client;

/** What the server's status shows of this process: its program and its process id. */
final class ClientName {
    private static final int MAXIMUM_LENGTH = 80;

    private ClientName() {}

    static String ofThisProcess() {
        String command = System.getProperty("sun.java.command", "").strip();
        int space = command.indexOf(' ');
        String program = space < 0 ? command : command.substring(0, space);
        if (program.isEmpty()) {
            program = "java";
        }
        if (program.length() > MAXIMUM_LENGTH) {
            program = "..." + program.substring(program.length() - MAXIMUM_LENGTH);
        }
        return program + " [" + ProcessHandle.current().pid() + "]";
    }
}
