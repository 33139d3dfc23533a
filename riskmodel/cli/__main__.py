"""Run the program as ``python -m riskmodel.cli``."""

from riskmodel.cli import main

if __name__ == "__main__":
    main()
