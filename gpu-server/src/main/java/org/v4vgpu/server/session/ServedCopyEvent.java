package org.v4vgpu.server.session;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** What Flight Recorder keeps of copies between host and device, and of modules that are loaded. */
@Name("org.v4vgpu.ServedCopy")
@Label("Served Copy")
@Description("A CUDA call that moved bytes from or to a client")
final class ServedCopyEvent extends ServedCallEvent {}
