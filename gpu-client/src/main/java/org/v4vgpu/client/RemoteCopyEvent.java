package org.v4vgpu.client;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** What Flight Recorder keeps of copies between host and device, and of modules that are loaded. */
@Name("org.v4vgpu.RemoteCopy")
@Label("Remote Copy")
@Description("A CUDA call that moved bytes to or from a server")
final class RemoteCopyEvent extends RemoteCallEvent {}
