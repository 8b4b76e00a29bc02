package org.v4vgpu.client;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What Flight Recorder keeps of a call that is no copy; its duration is that of the call. Off unless a recording asks for it. */
@Name("org.v4vgpu.RemoteCall")
@Label("Remote Call")
@Category({"v4vgpu", "Client"})
@Description("A CUDA call that a server was asked for")
@StackTrace(false)
@Enabled(false)
class RemoteCallEvent extends Event {
    @Label("Call")
    String call = "";

    @Label("Server")
    String address = "";

    @Label("Number in Session")
    @Description("The server's event of the same call has the same")
    long sequence;

    @Label("Status")
    @Description("The CUresult of the reply; 0 for a call that did not wait")
    int status;

    @Label("Waited for Reply")
    boolean waited;

    @Label("Bytes Sent")
    @Description("The payload, or what is copied from memory that the server sees")
    @DataAmount
    long bytesSent;

    @Label("Bytes Received")
    @Description("The payload, or what is copied to memory that the server sees")
    @DataAmount
    long bytesReceived;

    @Label("Began at")
    @Description("System.nanoTime, which processes of one machine share")
    long beganNanos;

    @Label("Encoding")
    @Timespan
    long encodeNanos;

    @Label("Sending")
    @Description("Waiting for space and copying into the transport")
    @Timespan
    long sendNanos;

    @Label("Waiting")
    @Description("From the last byte sent, or the chunk before, until the reply was there")
    @Timespan
    long waitNanos;

    @Label("Taking")
    @Description("Decoding the reply and copying its payload")
    @Timespan
    long takeNanos;
}
