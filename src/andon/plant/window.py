"""What flows from preparation through the network to evidence."""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.arrays import BoolArray, Float32Array, Int64Array, IntArray, StatusArray


@dataclass(frozen=True, slots=True)
class Window:
    """Input of a graph. State travels apart.

    Attributes
    ----------
    x : (B, T, C) float32, scaled units, 0 where not valid
    valid : (B, T, C) bool; False: missing, bad or masked
    context : (B, T, K) float32
    """

    x: Float32Array
    valid: BoolArray
    context: Float32Array


@dataclass(frozen=True, slots=True)
class Prepared:
    """One asset on the grid: every tick of the period, scaled, masked, with its context.

    Attributes
    ----------
    asset : name of the asset
    channels : C names; a tag gives one channel, an angle two ("tag:sin", "tag:cos")
    channel_tags : C tag ids, the tag that each channel comes from
    context_names : K names
    interval_ns : sampling interval
    tick : (T,) int64, consecutive tick numbers; time = tick x interval_ns
    x : (T, C) float32, robustly scaled (0 = median, 1 = robust standard deviation of normal training time),
        clipped to +-50, 0 where not valid
    valid : (T, C) bool
    context : (T, K) float32
    mode : (T,) int16, operating mode, -1 where never seen in training
    why : (T,) uint8, `Why`; 0 where the tick can be judged as far as preparation knows
    reset : (T,) bool, True where state starts anew (first tick, after off time, after a gap)
    """

    asset: str
    channels: tuple[str, ...]
    channel_tags: tuple[str, ...]
    context_names: tuple[str, ...]
    interval_ns: int
    tick: Int64Array
    x: Float32Array
    valid: BoolArray
    context: Float32Array
    mode: IntArray
    why: StatusArray
    reset: BoolArray

    @property
    def time(self) -> Int64Array:
        """(T,) int64 ns UTC."""
        return self.tick * self.interval_ns

    @property
    def rows(self) -> int:
        """T, the number of ticks."""
        return len(self.tick)

    def part(self, low: int, high: int) -> Prepared:
        """The rows low..high; the first row keeps its own reset flag."""
        return Prepared(
            self.asset, self.channels, self.channel_tags, self.context_names, self.interval_ns,
            self.tick[low:high], self.x[low:high], self.valid[low:high], self.context[low:high],
            self.mode[low:high], self.why[low:high], self.reset[low:high],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a core (linear or network) says of each tick.

    Attributes
    ----------
    forecast : (T, C) float32, one tick ahead: row t uses nothing after t-1; NaN where none can be given
    relation : (T, C) float32, each channel from the others at t and the past; never from itself at t
    log_scale : (T, C) float32, natural log of the expected residual scale, 0 where the core has none
    level : (T, C) float32, forecast at the longest horizon: row t uses nothing after t - horizon; may be empty (T, 0)
    features : (T, F) float32, fused features for the novelty view; may be empty (T, 0)
    quality : (T, N, Q) float32, quantiles of N quality targets in scaled units; may be empty (T, 0, 0)
    """

    forecast: Float32Array
    relation: Float32Array
    log_scale: Float32Array
    level: Float32Array
    features: Float32Array
    quality: Float32Array
