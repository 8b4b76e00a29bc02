package org.v4vgpu.server.status;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.proto.DeviceStatus;
import org.v4vgpu.proto.KernelStatus;
import org.v4vgpu.proto.ServerStatusReply;
import org.v4vgpu.proto.SessionStatus;

/**
 * A server's status as JSON. The names are those of {@code ServerStatusReply}: {@code {"server":...,"uptime_millis":...,
 * "addresses":[...],"devices":[{"name","total_bytes","used_bytes"}],"sessions":[{"session","client","peer","lanes","contexts",
 * "memory_bytes","window_bytes","calls","bytes_in","bytes_out","age_millis"}],"kernels":[{"device","name","launches","total_nanos",
 * "shortest_nanos","longest_nanos","blocks","threads","registers","instructions"}]}}.
 */
final class StatusJson {
    private StatusJson() {}

    static String of(ServerStatusReply status) throws IOException {
        List<Map<String, Object>> devices = new ArrayList<>();
        for (DeviceStatus device : status.getDevicesList()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("name", device.getName());
            row.put("total_bytes", device.getTotalBytes());
            row.put("used_bytes", device.getUsedBytes());
            devices.add(row);
        }
        List<Map<String, Object>> sessions = new ArrayList<>();
        for (SessionStatus session : status.getSessionsList()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("session", session.getSession());
            row.put("client", session.getClient());
            row.put("peer", session.getPeer());
            row.put("lanes", session.getLanes());
            row.put("contexts", session.getContexts());
            row.put("memory_bytes", session.getMemoryBytes());
            row.put("window_bytes", session.getWindowBytes());
            row.put("calls", session.getCalls());
            row.put("bytes_in", session.getBytesIn());
            row.put("bytes_out", session.getBytesOut());
            row.put("age_millis", session.getAgeMillis());
            sessions.add(row);
        }
        List<Map<String, Object>> kernels = new ArrayList<>();
        for (KernelStatus kernel : status.getKernelsList()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("device", kernel.getDevice());
            row.put("name", kernel.getName());
            row.put("launches", kernel.getLaunches());
            row.put("total_nanos", kernel.getTotalNanos());
            row.put("shortest_nanos", kernel.getShortestNanos());
            row.put("longest_nanos", kernel.getLongestNanos());
            row.put("blocks", kernel.getBlocks());
            row.put("threads", kernel.getThreads());
            row.put("registers", kernel.getRegisters());
            row.put("instructions", kernel.getInstructions());
            kernels.add(row);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("server", status.getServer());
        all.put("uptime_millis", status.getUptimeMillis());
        all.put("addresses", List.copyOf(status.getAddressesList()));
        all.put("devices", devices);
        all.put("sessions", sessions);
        all.put("kernels", kernels);
        return JSON.std.asString(all);
    }
}
