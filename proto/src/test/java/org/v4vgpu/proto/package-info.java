/** Tests of the call table and the codec. */
@NullMarked
package org.v4vgpu.proto;

import org.jspecify.annotations.NullMarked;
