package org.v4vgpu.server.status;

import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.server.AddressConverter;
import org.v4vgpu.v4v.ChannelAddress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The program {@code gpu-server/run status}. */
@Command(
        name = "status",
        description = "Shows devices, sessions, memory and traffic of a running server.")
public final class StatusCommand implements Callable<Integer> {
    @Option(
            names = "--server",
            paramLabel = "ADDRESS",
            required = true,
            converter = AddressConverter.class,
            description = "the server: v4v://<domain>:<port> or tcp://<host>:<port>")
    private @Nullable ChannelAddress server;

    @Option(names = "--json", description = "print JSON")
    private boolean json;

    @Option(names = "--debug", description = "print stack traces of errors")
    private boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help")
    private boolean help;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        ServerStatusReply status = StatusQuery.run(Objects.requireNonNull(server));
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        out.println(json ? StatusJson.of(status) : StatusTable.of(status).stripTrailing());
        out.flush();
        return 0;
    }
}
