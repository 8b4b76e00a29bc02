@org.jspecify.annotations.NullMarked
package org.v4vgpu.v4v.socket;
