"""Launches and bytes read from a module's text: loops, fusions that slice, updates in place."""

from experiments.gpu.hlo import cost, size

MODULE = """HloModule m

%day (p: (s32[], f32[60,8], f32[8])) -> (s32[], f32[60,8], f32[8]) {
  %p = (s32[], f32[60,8]{1,0}, f32[8]{0}) parameter(0)
  %turn = s32[] get-tuple-element(%p), index=0
  %draws = f32[60,8]{1,0} get-tuple-element(%p), index=1
  %price = f32[8]{0} get-tuple-element(%p), index=2
  %new = f32[8]{0} fusion(%draws, %turn, %price), kind=kLoop, calls=%sliced
  ROOT %t = (s32[], f32[60,8]{1,0}, f32[8]{0}) tuple(%turn, %draws, %new)
}

%more (q: (s32[], f32[60,8], f32[8])) -> pred[] {
  %q = (s32[], f32[60,8]{1,0}, f32[8]{0}) parameter(0)
  %n = s32[] get-tuple-element(%q), index=0
  ROOT %c = pred[] fusion(%n), kind=kLoop, calls=%less
}

%sliced (a: f32[60,8], b: s32[], c: f32[8]) -> f32[8] {
  %a = f32[60,8]{1,0} parameter(0)
  %b = s32[] parameter(1)
  %c = f32[8]{0} parameter(2)
  %view = f32[480]{0} bitcast(%a)
  %today = f32[8]{0} dynamic-slice(%view, %b), dynamic_slice_sizes={8}
  ROOT %sum = f32[8]{0} add(%today, %c)
}

ENTRY %main (x: f32[60,8], y: f32[8]) -> f32[8] {
  %x = f32[60,8]{1,0} parameter(0)
  %y = f32[8]{0} parameter(1)
  %zero = s32[] constant(0)
  %start = (s32[], f32[60,8]{1,0}, f32[8]{0}) tuple(%zero, %x, %y)
  %loop = (s32[], f32[60,8]{1,0}, f32[8]{0}) while(%start), condition=%more, body=%day, backend_config={"known_trip_count":{"n":"60"}}
  %end = f32[8]{0} get-tuple-element(%loop), index=2
  ROOT %out = f32[8]{0} copy(%end)
}
"""  # noqa: E501


def test_a_loop_counts_its_turns_and_a_slice_its_own_bytes():
    found = cost(MODULE)
    assert found.launches == 60 + 1
    day = 32 + 4 + 32 + 32  # the day's draws, the counter, the price, the new price
    assert found.bytes == 60 * day + 2 * 32


def test_sizes_of_shapes():
    assert size("(f32[2,3]{1,0}, pred[5]{0}, s32[])") == 24 + 5 + 4
    assert size("c64[4]{0}") == 32
