package org.v4vgpu.server.session;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What Flight Recorder keeps of a call that is no copy, from its message to its reply. Off unless a recording asks for it. */
@Name("org.v4vgpu.ServedCall")
@Label("Served Call")
@Category({"v4vgpu", "Server"})
@Description("A CUDA call that a client asked for")
@StackTrace(false)
@Enabled(false)
class ServedCallEvent extends Event {
    @Label("Call")
    String call = "";

    @Label("Session")
    long session;

    @Label("Client")
    @Description("The other end of the lane")
    String address = "";

    @Label("Number in Session")
    @Description("The client's event of the same call has the same")
    long sequence;

    @Label("Status")
    @Description("The CUresult")
    int status;

    @Label("Bytes Received")
    @Description("The payload, or what is copied from memory that the client shares")
    @DataAmount
    long bytesReceived;

    @Label("Bytes Sent")
    @Description("The payload, or what is copied to memory that the client shares")
    @DataAmount
    long bytesSent;

    @Label("Received at")
    @Description("System.nanoTime, which processes of one machine share")
    long beganNanos;

    @Label("Decoding")
    @Description("And waiting for the turn among the session's lanes")
    @Timespan
    long decodeNanos;

    @Label("Executing")
    @Description("By the device; a copy's bytes go between transport and device meanwhile")
    @Timespan
    long executeNanos;

    @Label("Waiting")
    @Description("For more of the payload, or for space for it")
    @Timespan
    long waitNanos;

    @Label("Replying")
    @Description("Encoding and sending the reply")
    @Timespan
    long replyNanos;
}
