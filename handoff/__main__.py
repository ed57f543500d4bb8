from handoff.main import main

raise SystemExit(main())
