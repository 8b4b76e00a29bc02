package org.v4vgpu.server.status;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.v4vgpu.proto.DeviceStatus;
import org.v4vgpu.proto.KernelStatus;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.proto.SessionStatus;

/** A server's status as a table for people, in the manner of {@code nvidia-smi}. */
final class StatusTable {
    private static final int LONGEST_NAME = 48;

    private final StringBuilder text = new StringBuilder();

    private StatusTable() {}

    static String of(ServerStatusReply status) {
        StatusTable table = new StatusTable();
        table.line(printable(status.getServer()) + ", up " + duration(status.getUptimeMillis()) + ", listening on "
                + printable(String.join(", ", status.getAddressesList())));
        table.text.append('\n');
        table.devices(status.getDevicesList());
        table.text.append('\n');
        table.sessions(status.getSessionsList());
        if (status.getSessionsLeftOut() > 0) {
            table.line("and " + Integer.toUnsignedString(status.getSessionsLeftOut()) + " more sessions");
        }
        if (status.getKernelsCount() > 0) {
            table.text.append('\n');
            table.kernels(status.getKernelsList());
            if (status.getKernelsLeftOut() > 0) {
                table.line("and " + Integer.toUnsignedString(status.getKernelsLeftOut()) + " more kernels");
            }
        }
        return table.text.toString();
    }

    private void devices(List<DeviceStatus> devices) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"GPU", "Name", "Memory used", "Memory total"});
        for (int i = 0; i < devices.size(); i++) {
            DeviceStatus device = devices.get(i);
            rows.add(new String[] {
                Integer.toString(i),
                printable(device.getName()),
                bytes(device.getUsedBytes()),
                bytes(device.getTotalBytes())
            });
        }
        grid(rows);
    }

    private void sessions(List<SessionStatus> sessions) {
        if (sessions.isEmpty()) {
            line("No sessions.");
            return;
        }
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {
            "Session", "Client", "Peer", "Age", "Lanes", "Contexts", "Memory", "Window", "Calls", "In", "Out"
        });
        for (SessionStatus session : sessions) {
            rows.add(new String[] {
                Long.toString(session.getSession()),
                printable(session.getClient()),
                printable(session.getPeer()),
                duration(session.getAgeMillis()),
                Integer.toString(session.getLanes()),
                Integer.toString(session.getContexts()),
                bytes(session.getMemoryBytes()),
                bytes(session.getWindowBytes()),
                Long.toString(session.getCalls()),
                bytes(session.getBytesIn()),
                bytes(session.getBytesOut())
            });
        }
        grid(rows);
    }

    private void kernels(List<KernelStatus> kernels) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {
            "GPU", "Kernel", "Launches", "Time", "Mean", "Min", "Max", "Blocks", "Threads", "Registers", "Instructions"
        });
        for (KernelStatus kernel : kernels) {
            rows.add(new String[] {
                Integer.toUnsignedString(kernel.getDevice()),
                shortened(printable(kernel.getName())),
                Long.toUnsignedString(kernel.getLaunches()),
                nanos(kernel.getTotalNanos()),
                nanos(kernel.getTotalNanos() / Math.max(1, kernel.getLaunches())),
                nanos(kernel.getShortestNanos()),
                nanos(kernel.getLongestNanos()),
                Long.toUnsignedString(kernel.getBlocks()),
                Long.toUnsignedString(kernel.getThreads()),
                Integer.toUnsignedString(kernel.getRegisters()),
                Integer.toUnsignedString(kernel.getInstructions())
            });
        }
        grid(rows);
    }

    private void grid(List<String[]> rows) {
        int columns = rows.getFirst().length;
        int[] widths = new int[columns];
        for (String[] row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder rule = new StringBuilder("+");
        for (int width : widths) {
            rule.append("-".repeat(width + 2)).append('+');
        }
        text.append(rule).append('\n');
        for (int r = 0; r < rows.size(); r++) {
            text.append('|');
            for (int i = 0; i < columns; i++) {
                String cell = rows.get(r)[i];
                boolean number = r > 0 && !cell.isEmpty() && Character.isDigit(cell.charAt(0));
                String padding = " ".repeat(widths[i] - cell.length());
                text.append(' ')
                        .append(number ? padding + cell : cell + padding)
                        .append(" |");
            }
            text.append('\n');
            if (r == 0) {
                text.append(rule).append('\n');
            }
        }
        text.append(rule).append('\n');
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private static String bytes(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        double value = (double) bytes / (1L << (10 * power));
        return String.format(Locale.ROOT, "%.1f %ciB", value, " KMGTPE".charAt(power));
    }

    private static String nanos(long nanos) {
        if (nanos < 1_000_000) {
            return String.format(Locale.ROOT, "%.1f us", nanos / 1e3);
        }
        return nanos < 1_000_000_000
                ? String.format(Locale.ROOT, "%.1f ms", nanos / 1e6)
                : String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
    }

    private static String shortened(String name) {
        return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME - 3) + "...";
    }

    private static String duration(long millis) {
        long seconds = millis / 1000;
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return seconds / 60 + " min " + seconds % 60 + " s";
        }
        return seconds / 3600 + " h " + seconds / 60 % 60 + " min";
    }

    /** Another side's words, fit for a terminal. */
    private static String printable(String text) {
        return text.replaceAll("\\p{C}", "?");
    }
}
