/** Ordinary JCuda programs, as people write them; the tests run them in JVMs of their own, with the agent and with the drop-in jar. */
package org.v4vgpu.client.programs;
