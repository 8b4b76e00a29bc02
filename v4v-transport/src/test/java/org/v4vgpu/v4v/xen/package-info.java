/** Tests of V4V on Xen, on any machine: a Xen played in this process stands behind the hypercalls. */
@org.jspecify.annotations.NullMarked
package org.v4vgpu.v4v.xen;
