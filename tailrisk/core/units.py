"""The units arrays are measured in; a comment on the declaring line names the axes, path always last."""

import jax

Bits = jax.Array
"""32 random bits, uint32."""
Count = jax.Array
"""A whole number, int32."""
Flag = jax.Array
"""True or false."""
LogReturn = jax.Array
"""Change of a log price over one trading day."""
Probability = jax.Array
"""Between zero and one."""
Ratio = jax.Array
"""A fraction: a simple return, a weight, a basis, a multiple of starting NAV."""
Normal = jax.Array
"""A standardised shock: mean zero, variance one."""
Uniform = jax.Array
"""A draw between zero and one."""
Yuan = jax.Array
"""Money; billions of yuan inside the market, a multiple of starting NAV inside a product."""
ZScore = jax.Array
"""Standard deviations from the mean."""
