"""What somebody who watched the shift would have written down, minute by minute and sum by sum.

No line of it is computed: each was worked out by hand from the script. The columns of a table are named in its first
line; ``-`` is nothing. Times are the wall clock's. Minutes of machines are of planned time: eight hours less the break.
"""

TABLES = {
    "reports": """
        time   job        machine  who    good  scrap  rework  lot     takes-back
        07:00  WO-501/10  CNC-01   Anna   10    0      0       -       -
        07:00  WO-503/10  ASSY-01  Jana   6     0      0       -       -
        07:05  WO-502/10  CNC-02   Marek  10    0      0       -       -
        07:25  WO-501/10  CNC-01   Anna   0     1      0       -       -
        08:00  WO-501/10  CNC-01   Anna   25    0      0       -       -
        10:30  WO-501/20  ASSY-01  Oleg   20    0      0       WO-501  -
        10:45  WO-503/10  ASSY-01  Sofia  0     1      0       -       -
        11:00  WO-502/10  CNC-02   Marek  10    0      0       -       -
        11:01  WO-502/10  CNC-02   Marek  -10   0      0       -       11:00
        11:30  WO-502/10  CNC-02   Marek  10    0      0       -       -
        11:40  WO-502/10  CNC-02   -      0     2      0       -       -
        12:00  WO-503/10  ASSY-01  Jana   12    0      0       -       -
        13:00  WO-501/10  CNC-01   Anna   20    0      0       -       -
        13:15  WO-502/10  CNC-02   Marek  17    0      0       -       -
    """,
    "scrap": """
        time   order   pieces  reason
        07:25  WO-501  1       BURR
        10:45  WO-503  1       CRACK
        11:40  WO-502  2       CRACK
    """,
    "labor": """
        who    job        activity  from   to     minutes  ended-by
        Anna   WO-501/10  RUN       06:25  09:00  140      BREAK
        Anna   WO-501/10  RUN       09:15  13:45  270      STOP
        Anna   WO-501/10  SETUP     06:05  06:25  20       SWITCH
        Anna   WO-502/10  RUN       07:10  07:40  15       STOP
        Jana   WO-503/10  RUN       06:10  09:00  170      BREAK
        Jana   WO-503/10  RUN       09:15  13:40  265      STOP
        Marek  WO-502/10  RUN       06:10  07:40  90       STOP
        Marek  WO-502/10  RUN       07:50  08:15  25       STOP
        Marek  WO-502/10  RUN       08:32  09:00  28       BREAK
        Marek  WO-502/10  RUN       09:15  13:15  240      STOP
        Oleg   WO-501/20  RUN       08:05  09:00  27.5     BREAK
        Oleg   WO-501/20  RUN       09:15  13:30  127.5    STOP
        Oleg   WO-503/10  RUN       06:10  09:00  142.5    BREAK
        Oleg   WO-503/10  RUN       09:15  13:40  137.5    STOP
        Sofia  WO-503/10  RUN       06:40  09:00  140      BREAK
        Sofia  WO-503/10  RUN       09:15  12:30  195      PERSON
    """,
    "minutes": """
        who    activity  minutes
        Anna   RUN       425
        Anna   SETUP     20
        Jana   RUN       435
        Marek  RUN       383
        Oleg   RUN       435
        Sofia  RUN       335
    """,
    "presence": """
        who    what     from   to
        Anna   BREAK    09:00  09:15
        Anna   PRESENT  06:00  09:00
        Anna   PRESENT  09:15  13:50
        Jana   BREAK    09:00  09:15
        Jana   PRESENT  06:00  09:00
        Jana   PRESENT  09:15  13:50
        Marek  BREAK    09:00  09:15
        Marek  PRESENT  06:10  09:00
        Marek  PRESENT  09:15  13:50
        Oleg   BREAK    09:00  09:15
        Oleg   PRESENT  06:10  09:00
        Oleg   PRESENT  09:15  13:50
        Sofia  BREAK    09:00  09:15
        Sofia  PRESENT  06:40  09:00
        Sofia  PRESENT  09:15  12:30
    """,
    "occupations": """
        machine  job        activity  from   to     minutes  who
        ASSY-01  WO-501/20  RUN       08:05  13:30  162.5    Oleg
        ASSY-01  WO-503/10  RUN       06:10  13:40  287.5    Jana
        CNC-01   WO-501/10  RUN       06:25  13:45  440      Anna
        CNC-01   WO-501/10  SETUP     06:05  06:25  20       Anna
        CNC-02   WO-502/10  RUN       06:10  07:40  90       Marek
        CNC-02   WO-502/10  RUN       07:50  08:15  25       Marek
        CNC-02   WO-502/10  RUN       08:32  13:15  283      Marek
    """,
    "states": """
        machine  from   state    job
        ASSY-01  06:10  RUNNING  WO-503/10
        ASSY-01  13:40  STOPPED  -
        CNC-01   06:05  SETUP    WO-501/10
        CNC-01   06:25  RUNNING  WO-501/10
        CNC-01   07:30  STOPPED  -
        CNC-01   07:42  RUNNING  WO-501/10
        CNC-01   13:00  STOPPED  -
        CNC-01   13:10  RUNNING  WO-501/10
        CNC-01   13:45  STOPPED  -
        CNC-02   06:10  RUNNING  WO-502/10
        CNC-02   07:40  STOPPED  -
        CNC-02   07:50  RUNNING  WO-502/10
        CNC-02   08:15  STOPPED  -
        CNC-02   08:32  RUNNING  WO-502/10
        CNC-02   13:15  IDLE     -
    """,
    "stop entries": """
        machine  time   what  who
        CNC-01   07:30  STOP  Anna
        CNC-01   07:42  RUN   Anna
        CNC-01   13:00  STOP  Anna
        CNC-01   13:10  RUN   Anna
    """,
    "stop reasons": """
        machine  time   said-at  reason    who
        CNC-01   07:30  10:00    TOOL      Anna
        CNC-01   13:00  13:00    MATERIAL  Anna
    """,
    "downtime": """
        machine  from   to     minutes  reason
        CNC-01   07:30  07:42  12       TOOL
        CNC-01   13:00  13:10  10       MATERIAL
    """,
    "movements": """
        time   what       item     lot     quantity  order   operation  who
        06:30  ISSUE      BAR-40   B-101   40        WO-501  10         Anna
        06:30  ISSUE      BAR-40   B-102   20        WO-501  10         Anna
        07:00  BACKFLUSH  BEAR-6   -       12        WO-503  10         Jana
        07:25  SCRAP      SHAFT    -       1         WO-501  10         Anna
        10:30  OUTPUT     SHAFT    WO-501  20        WO-501  20         Oleg
        10:45  BACKFLUSH  BEAR-6   -       2         WO-503  10         Sofia
        10:45  SCRAP      GEARBOX  -       1         WO-503  10         Sofia
        11:40  SCRAP      COVER    -       2         WO-502  10         -
        12:00  BACKFLUSH  BEAR-6   -       24        WO-503  10         Jana
    """,
    "lots": """
        item    lot     left  state
        BAR-40  B-101   0     AVAILABLE
        BAR-40  B-102   80    AVAILABLE
        SHAFT   WO-501  20    AVAILABLE
    """,
    "holds": """
        order   reason  from   to     lifted-by
        WO-502  -       08:12  08:30  9001
    """,
    "nonconformances": """
        job        pieces  reason  who    found  decided
        WO-502/10  1       DIM     Marek  08:10  -
        WO-502/10  2       CRACK   Marek  08:12  11:40
    """,
    "dispositions": """
        reason  what   pieces  by   time
        CRACK   SCRAP  2       lea  11:40
    """,
    "calls": """
        center  whom         called  by    answered  by   resolved  by   outcome
        CNC     MAINTENANCE  13:45   Anna  -         -    -         -    -
        CNC     MATERIAL     10:10   Anna  10:14     lea  10:25     lea  Bars were brought
    """,
    "operations": """
        job        state      good  scrap  rework  setup  run
        WO-501/10  PAUSED     55    1      0       20     440
        WO-501/20  PAUSED     20    0      0       0      162.5
        WO-502/10  COMPLETED  37    2      0       0      398
        WO-503/10  PAUSED     18    1      0       0      287.5
    """,
    "orders": """
        order   state      good  scrap  held   completed
        WO-501  RUNNING    20    1      False  -
        WO-502  COMPLETED  37    2      False  13:15
        WO-503  RUNNING    18    1      False  -
    """,
    "components": """
        order   item    required  issued  by-itself
        WO-501  BAR-40  60        60      0
        WO-503  BEAR-6  60        38      38
    """,
    "oee": """
        machine  planned  run  setup  stopped  unexplained  idle  no-data  ideal  good-ideal  oee
        ASSY-01  465      435  0      20       20           0     10       192    184         0.395699
        CNC-01   465      403  20     37       15           0     5        168    165         0.354839
        CNC-02   465      383  0      27       27           45    10       195    185         0.397849
    """,
}

HANDOVERS = {
    "ASSY": [
        "Jana", "13:40", "Bearings come at three",
        "WO-503/10 Gearbox: 18 of 30 pcs good, paused",
        "WO-501/20 Drive shaft: 20 of 60 pcs good, paused",
        "-", "-",
    ],
    "CNC": [
        "Anna", "13:45", "Tool 12 is worn, a new one lies in the drawer",
        "WO-501/10 Drive shaft: 55 of 60 pcs good, paused",
        "NC: 1 pcs of WO-502/10, Out of dimension",
        "CNC-02 stood still from 07:40 to 07:50, nobody said why",
        "CNC-02 stood still from 08:15 to 08:32, nobody said why",
        "Maintenance was called at 13:45",
        "Nils", "14:05",
    ],
}  # fmt: skip
"""Who handed over and when, what they said, what was open, who took over and when."""

BUDGET = {
    "change operator": (0, 1),
    "start or resume a job": (1, 0),
    "start the next job, choosing the machine": (2, 0),
    "start setup, choosing the machine": (2, 0),
    "report good": (1, 0),
    "report good, typed, 1 digits": (3, 0),
    "report good, typed, 2 digits": (4, 0),
    "scrap 1 with reason": (2, 0),
    "undo the last report": (1, 0),
    "issue a lot, 2 digits": (3, 1),
    "pause": (1, 0),
    "finish": (2, 0),
    "stop a machine": (2, 0),
    "runs again": (1, 0),
    "explain a stop later": (2, 0),
    "nonconformance": (3, 0),
    "nonconformance, 1 digits, hold": (5, 0),
    "lift a hold, badge and PIN": (6, 1),
    "call somebody": (2, 0),
    "my time": (2, 0),
    "hand over": (2, 0),
    "take over": (2, 0),
}
"""Taps and scans that a task may take at most. What is typed counts a tap for each digit."""
