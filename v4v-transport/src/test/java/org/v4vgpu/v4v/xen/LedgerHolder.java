package org.v4vgpu.v4v.xen;

import java.io.IOException;
import java.nio.file.Path;

/** A process of a domain: enters its directory, notes a ring, says so, and stays until its input ends. No test. */
final class LedgerHolder {
    private LedgerHolder() {}

    @SuppressWarnings("SystemOut") // it is the pipe
    public static void main(String[] arguments) throws IOException {
        Path state = Path.of(arguments[0]);
        try (DomainDirectory directory = DomainDirectory.enter(state, Path.of(arguments[1]))) {
            directory.ledger().note(Long.parseLong(arguments[2]), 3);
            System.out.println(directory.tryLead() ? "leads" : "follows");
            System.in.transferTo(System.err); // blocks
        }
    }
}
