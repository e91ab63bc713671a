//! The dashboard.

use chrono::Days;
use shared::{
    dashboard::{
        AssignmentFigures, BusyDoctor, DAYS, Dashboard, DayCount, DoctorFigures, PatientFigures,
        StatusCounts, VisitFigures,
    },
    doctor::SpecializationCount,
    id::DoctorId,
};

use super::{
    driver::Driver,
    fixtures::{people, today},
    looks::looks,
};
use crate::{
    api::{Call, Failure, Reply},
    effect::Lane,
};

/// A clinic in the middle of its day. The registrations of its days are 0 to `most`.
pub(super) fn figures(most: i64) -> Dashboard {
    let day = |ago: i64| today().checked_sub_days(Days::new(ago.unsigned_abs())).unwrap();
    let count = |ago: i64| (most * (DAYS - ago) / DAYS) * i64::from(ago % 7 > 1 || ago == 0);
    let by_day: Vec<_> =
        (0..DAYS).rev().map(|ago| DayCount { date: day(ago), count: count(ago) }).collect();
    let doctors = ["Sarah Johnson", "Ana Lucía Fernández de la Cruz", "小龍 李", "Bo\u{1b}[31m Li"];
    let busy = doctors.iter().zip([17, 9, 3, 1]).zip(1..);
    let special = ["Cardiology", "General practice", "Obstetrics and gynaecology", "Urology"];
    Dashboard {
        patients: PatientFigures {
            total: 12_345,
            new_today: count(0),
            new_last_7_days: (0..7).map(count).sum(),
            by_day,
        },
        doctors: DoctorFigures {
            total: 12,
            available: 10,
            by_specialization: special
                .iter()
                .zip([5, 4, 2, 1])
                .map(|(name, count)| SpecializationCount {
                    specialization: (*name).to_owned(),
                    count,
                })
                .collect(),
        },
        assignments: AssignmentFigures {
            active: 80,
            by_status: StatusCounts { active: 70, on_hold: 10, completed: 1_200, cancelled: 31 },
            today: 4,
            busiest_doctors: busy
                .map(|((name, active), id)| BusyDoctor {
                    doctor: DoctorId(id),
                    doctor_name: (*name).to_owned(),
                    active,
                })
                .collect(),
        },
        visits: VisitFigures {
            arrived: 23,
            waiting: 6,
            called: 1,
            in_room: 3,
            done: 12,
            left: 1,
            longest_wait_minutes: 95,
        },
        recent_patients: people(),
    }
}

/// A clinic in which nothing has happened yet.
fn nothing() -> Dashboard {
    let mut empty = figures(0);
    empty.patients.total = 0;
    empty.doctors = DoctorFigures { total: 0, available: 0, by_specialization: Vec::new() };
    empty.assignments = AssignmentFigures {
        active: 0,
        by_status: StatusCounts::default(),
        today: 0,
        busiest_doctors: Vec::new(),
    };
    empty.visits = VisitFigures {
        arrived: 0,
        waiting: 0,
        called: 0,
        in_room: 0,
        done: 0,
        left: 0,
        longest_wait_minutes: 0,
    };
    empty.recent_patients.clear();
    empty
}

fn reply(figures: Dashboard) -> Result<Reply, Failure> {
    Ok(Reply::Dashboard(Box::new(figures)))
}

/// At the dashboard, before it has an answer.
fn loading(width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(people(), 5, width, height);
    driver.keys("<f7>");
    assert!(matches!(driver.call(Lane::Dashboard), Call::Dashboard));
    driver
}

pub(super) fn showing(figures: Dashboard, width: u16, height: u16) -> Driver {
    let mut driver = loading(width, height);
    driver.answer(Lane::Dashboard, reply(figures));
    driver
}

looks! {
    dashboard_end: {
        let mut driver = showing(figures(9), 80, 24);
        driver.keys("<end>");
        driver
    };
    dashboard_wide: showing(figures(120), 132, 43);
    dashboard_narrow: showing(figures(40), 40, 12);
    dashboard_empty: showing(nothing(), 80, 24);
}

/// The whole page as text, however far it has to be scrolled for that.
fn page(driver: &mut Driver) -> String {
    let mut rows: Vec<String> = Vec::new();
    driver.keys("<home>");
    for _ in 0..200 {
        let screen = driver.screen();
        let height = usize::from(driver.app.world().body().height);
        let seen: Vec<_> = screen.lines().skip(1).take(height).map(str::to_owned).collect();
        if rows.is_empty() {
            rows.extend(seen);
        } else {
            rows.extend(seen.last().cloned());
        }
        if !screen.contains('↓') {
            // A sentence may go on in the next row.
            let page = rows.join("\n").replace(['↓', '↑'], " ");
            return page.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        driver.keys("<down>");
    }
    panic!("the page has no end:\n{}", rows.join("\n"));
}

#[test]
fn every_number_can_be_read_at_every_width() {
    for width in [40, 60, 80, 100, 132, 200] {
        let mut driver = showing(figures(9), width, 24);
        let page = page(&mut driver);
        for words in [
            "12,345 patients",
            "in the last 7 days",
            "2026-10-22",
            "2026-11-20",
            "Waiting",
            "Longest wait: 1 h 35 min",
            "= Arrived",
            "23",
            "17",
            "1,311",
            "accepting patients: 10",
            "P000013P",
        ] {
            assert!(page.contains(words), "{words} is not on {width} columns:\n{page}");
        }
        let figures = figures(9).visits;
        let parts = [figures.waiting, figures.called, figures.in_room, figures.done, figures.left];
        assert_eq!(parts.iter().sum::<i64>(), figures.arrived);
        assert!(!page.contains('\u{1b}'), "{page}");
    }
}

#[test]
fn where_bars_are_too_narrow_for_their_numbers_the_largest_is_named() {
    showing(figures(9), 80, 24).hides("Most on one day");
    showing(figures(9), 40, 24).shows("Most on one day: 9, on 2026-11-20");
    showing(figures(40), 80, 24).shows("Most on one day: 40, on 2026-11-20");
    showing(figures(40), 132, 24).hides("Most on one day");
}

#[test]
fn newer_figures_replace_older_ones_which_stay_until_then() {
    let mut driver = showing(figures(9), 80, 24);
    let before = driver.asked(Lane::Dashboard);
    driver.keys("<ctrl-r>");
    assert_eq!(driver.asked(Lane::Dashboard), before + 1);
    driver.shows("12,345 patients");
    driver.answer(Lane::Dashboard, Err(Failure::Offline("connection refused".to_owned())));
    driver.shows("! Not up to date: No answer yet.");
    driver.shows("12,345 patients");
    driver.keys("<ctrl-r>");
    let mut newer = figures(9);
    newer.patients.total = 12_346;
    driver.answer(Lane::Dashboard, reply(newer));
    driver.shows("12,346 patients");
    driver.hides("Not up to date");
}

#[test]
fn a_wait_below_an_hour_is_told_in_minutes_and_none_in_words() {
    let mut waiting = figures(9);
    waiting.visits.longest_wait_minutes = 35;
    showing(waiting.clone(), 80, 43).shows("Longest wait: 35 min");
    waiting.visits.waiting = 0;
    waiting.visits.arrived -= 6;
    showing(waiting, 80, 43).shows("Nobody is waiting.");
}

#[test]
fn scrolling_ends_at_the_last_row() {
    let mut driver = showing(figures(9), 80, 24);
    driver.shows("Registrations");
    driver.keys("<end>");
    driver.hides("Registrations");
    let end = driver.screen();
    driver.keys("<pgdn><down>");
    assert_eq!(driver.screen(), end);
    driver.keys("<home>");
    driver.shows("Registrations");
}
