"""The scores of seed 002, against values worked out by hand and by a solver that knows nothing of duals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # ships no types

from keyart.errors import BadSetting
from keyart.learn.gif.metrics import Cells, best_pme, pme, ps

LINE = np.array([[0.0], [1.0], [3.0]])
"""Three shots on a line: the cells meet at 0.5 and at 2."""


def test_the_posterior_score_is_the_sum_of_shares_of_the_highest_count() -> None:
    comments = [2, 8, 4, 0, 6]
    assert ps([1, 4, 3], comments) == pytest.approx((8 + 6 + 0) / 8)
    assert ps([2.0, 2.9, 0.0], comments) == pytest.approx((4 + 4 + 2) / 8)  # a time lies in the second it is in


def test_without_comments_every_triple_scores_nothing() -> None:
    assert ps([0, 1, 2], [0, 0, 0]) == 0.0


@pytest.mark.parametrize("triple", [[0, 1, 3], [-1, 0, 1]])
def test_a_second_without_a_count_is_an_error(triple: list[int]) -> None:
    with pytest.raises(BadSetting, match="3 seconds"):
        ps(triple, [1, 2, 3])
    with pytest.raises(BadSetting, match="0 seconds"):
        ps(triple, [])


@pytest.mark.parametrize(
    ("point", "shot", "error"),
    [
        (0.4, 0, 0.0),  # in the cell
        (0.5, 0, 0.0),  # on its border
        (0.9, 0, 0.4 / 0.9),  # back over the border at 0.5
        (0.0, 2, 2.0 / 3.0),  # through a whole cell
        (2.5, 1, 0.5 / 1.5),
        (9.0, 1, 7.0 / 8.0),
        (1.0, 1, 0.0),  # on the shot itself, where eq. 8 divides by nothing
    ],
)
def test_on_a_line_the_error_is_the_way_to_the_border(point: float, shot: int, error: float) -> None:
    assert Cells(LINE).error(np.array([point]), shot) == pytest.approx(error, abs=1e-12)


def test_the_way_into_a_corner_counts_both_borders() -> None:
    """A square of shots; from the far corner the nearest point of the cell is the middle, where four cells meet."""
    square = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    assert Cells(square).error(np.array([3.0, 3.0]), 0) == pytest.approx(2 / 3)
    assert Cells(square).error(np.array([3.0, 0.5]), 0) == pytest.approx(2 / np.hypot(3, 0.5))


def test_a_way_off_the_space_of_the_shots_is_never_worth_going() -> None:
    flat = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    assert Cells(flat).error(np.array([0.9, 4.0]), 0) == pytest.approx(0.4 / np.hypot(0.9, 4.0))


def test_copies_of_a_shot_are_no_obstacle_and_equal_shots_make_no_error() -> None:
    doubled = np.array([[0.0], [0.0], [1.0], [1.0]])
    assert Cells(doubled).error(np.array([0.9]), 1) == pytest.approx(0.4 / 0.9)
    assert Cells(np.ones((4, 3))).error(np.array([5.0, 1.0, 1.0]), 2) == 0.0


def borders(
    point: NDArray[np.float64], shots: NDArray[np.float64], right: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The constraints of eq. 8, multiplied out: sides v <= limits."""
    sides = shots - shots[right]
    return sides, ((shots**2).sum(axis=1) - (shots[right] ** 2).sum()) / 2 - sides @ point


def by_trying(point: NDArray[np.float64], shots: NDArray[np.float64], right: int) -> float:
    """The shortest of the ways that end where some set of borders meet, over all sets."""
    sides, limits = borders(point, shots, right)
    others = [shot for shot in range(len(shots)) if shot != right]
    sets = itertools.chain.from_iterable(itertools.combinations(others, size) for size in range(len(shots)))
    ways = [np.linalg.pinv(sides[list(one)]) @ limits[list(one)] for one in sets if one]
    ways.append(np.zeros(len(point)))
    allowed = [way for way in ways if (sides @ way <= limits + 1e-9).all()]
    return float(min(np.linalg.norm(way) for way in allowed) / np.linalg.norm(point - shots[right]))


def by_descent(point: NDArray[np.float64], shots: NDArray[np.float64], right: int) -> float:
    """A general solver, begun with the one way that is known to lead there."""
    sides, limits = borders(point, shots, right)
    found = minimize(
        lambda v: v @ v,
        shots[right] - point,
        jac=lambda v: 2 * v,
        constraints={"type": "ineq", "fun": lambda v: limits - sides @ v, "jac": lambda v: -sides},
        options={"ftol": 1e-12, "maxiter": 500},
        method="SLSQP",
    )
    assert (sides @ found.x <= limits + 1e-6).all()
    return float(np.linalg.norm(found.x) / np.linalg.norm(point - shots[right]))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("num_shots", "size"), [(4, 1), (7, 2), (7, 3), (6, 20)])
def test_the_error_is_the_least_of_all_sets_of_borders(seed: int, num_shots: int, size: int) -> None:
    draw = np.random.default_rng([seed, num_shots])
    shots = draw.normal(size=(num_shots, size))
    shots[1] = shots[0] + 1e-3 * shots[1]  # two that are all but one
    shots[3] = shots[2]
    for right in range(4):
        point = 1.5 * draw.normal(size=size)
        assert Cells(shots).error(point, right) == pytest.approx(by_trying(point, shots, right), abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("num_shots", "size"), [(25, 8), (40, 30)])
def test_the_error_is_the_one_that_a_general_solver_finds(seed: int, num_shots: int, size: int) -> None:
    draw = np.random.default_rng([seed, num_shots])
    shots = draw.normal(size=(num_shots, size))
    for right in range(4):
        point = 1.5 * draw.normal(size=size)
        assert Cells(shots).error(point, right) == pytest.approx(by_descent(point, shots, right), abs=1e-5)


def test_no_point_of_a_fine_grid_in_the_cell_is_nearer() -> None:
    draw = np.random.default_rng(3)
    shots, point = draw.normal(size=(7, 2)), np.array([1.2, -0.7])
    axis = np.linspace(-3, 3, 1201)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    owner = ((grid[:, None] - shots) ** 2).sum(axis=-1).argmin(axis=1)
    for right in range(7):
        nearest = np.linalg.norm(grid[owner == right] - point, axis=1).min()
        error = Cells(shots).error(point, right) * np.linalg.norm(point - shots[right])
        assert error == pytest.approx(nearest, abs=0.006)


def test_the_error_knows_no_unit_of_length() -> None:
    draw = np.random.default_rng(4)
    shots, point = draw.normal(size=(9, 5)), draw.normal(size=5)
    small, large = (Cells(unit * shots).error(unit * point, 3) for unit in (1e-4, 1e5))
    assert small == pytest.approx(large, rel=1e-6)
    assert small > 0


def test_a_gif_is_as_wrong_as_its_shots_are_on_average() -> None:
    generated = np.array([[0.9], [0.0], [2.5]])
    assert pme(generated, LINE, (0, 2, 1)) == pytest.approx((0.4 / 0.9 + 2 / 3 + 0.5 / 1.5) / 3)


def test_of_several_truths_the_nearest_counts_for_each_draw() -> None:
    draws = np.array([[[0.9], [0.0], [2.5]], [[0.0], [1.0], [3.0]]])
    truths = [(0, 2, 1), (2, 1, 0), (0, 1, 2)]
    each = [[pme(draw, LINE, truth) for truth in truths] for draw in draws]
    assert best_pme(draws, Cells(LINE), truths) == pytest.approx(np.min(each, axis=1))
    assert best_pme(draws, Cells(LINE), truths)[1] == 0.0
